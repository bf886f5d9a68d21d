import { describe, expect, test } from 'vitest';
import { maxBitrateBps } from '../bitrate.js';
import { withStartBitrate } from './start-bitrate.js';

const lines = (...text: string[]): string => text.map((line) => `${line}\r\n`).join('');

describe('bitrates of the published video', () => {
  test('an answer without parameters of VP8 gets a line of them', () => {
    const answer = lines('m=video 9 UDP/TLS/RTP/SAVPF 96', 'a=rtpmap:96 VP8/90000', 'a=rtcp-fb:96 nack');
    expect(withStartBitrate(answer, 2_500_000)).toBe(
      lines('m=video 9 UDP/TLS/RTP/SAVPF 96', 'a=rtpmap:96 VP8/90000', 'a=fmtp:96 x-google-start-bitrate=2500', 'a=rtcp-fb:96 nack'),
    );
  });

  test('an answer with parameters keeps them, and those of other codecs stay as they are', () => {
    const answer = lines('a=rtpmap:96 VP8/90000', 'a=fmtp:96 max-fr=30', 'a=rtpmap:111 opus/48000/2', 'a=fmtp:111 useinbandfec=1');
    expect(withStartBitrate(answer, 900_000)).toBe(
      lines('a=rtpmap:96 VP8/90000', 'a=fmtp:96 max-fr=30;x-google-start-bitrate=900', 'a=rtpmap:111 opus/48000/2', 'a=fmtp:111 useinbandfec=1'),
    );
  });

  test('an answer without VP8 stays as it is', () => {
    expect(withStartBitrate(lines('a=rtpmap:102 H264/90000'), 900_000)).toBe(lines('a=rtpmap:102 H264/90000'));
  });

  test('the ceiling is 2.5 Mb/s at 720p, the same upright, and bounded', () => {
    expect(maxBitrateBps(1280, 720)).toBe(2_500_000);
    expect(maxBitrateBps(720, 1280)).toBe(2_500_000);
    expect(maxBitrateBps(180, 180)).toBe(600_000);
    expect(maxBitrateBps(1920, 1080)).toBeGreaterThan(4_000_000);
    expect(maxBitrateBps(1920, 1920)).toBe(6_000_000);
  });
});
