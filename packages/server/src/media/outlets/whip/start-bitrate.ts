/**
 * Adds `x-google-start-bitrate` to VP8's parameters in an answer. libwebrtc then starts its encoder there instead of
 * at 300 kb/s, which would blur the first second.
 */
export const withStartBitrate = (answer: string, bitrateBps: number): string => {
  const payloadType = /^a=rtpmap:(\d+) VP8\/90000/m.exec(answer)?.[1];
  if (payloadType === undefined) return answer;
  const parameter = `x-google-start-bitrate=${Math.round(bitrateBps / 1000)}`;
  const format = new RegExp(`^(a=fmtp:${payloadType} [^\\r\\n]*)`, 'm');
  if (format.test(answer)) return answer.replace(format, `$1;${parameter}`);
  return answer.replace(new RegExp(`^(a=rtpmap:${payloadType} VP8/90000[^\\r\\n]*)(\\r?\\n)`, 'm'), `$1$2a=fmtp:${payloadType} ${parameter}$2`);
};
