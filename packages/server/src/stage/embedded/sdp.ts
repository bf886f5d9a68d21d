import { isIP } from 'node:net';
import { BacklotError } from '../../errors.js';
import type { VideoCodec } from '../port.js';

/**
 * Offers, answers and trickled candidates (RFC 8866, RFC 8829, RFC 8840). An offer is never handed on as it came: what
 * the stage carries is written anew from it, line by line, and everything else is left out.
 */

/** Longest offer or fragment that is read, in bytes. */
export const MAX_SDP_LENGTH = 64 * 1024;
/** Most candidates taken from one fragment. */
const MAX_CANDIDATES = 32;

/** A codec as one `m=` line offers it. */
export interface OfferedCodec {
  readonly payloadType: number;
  /** `fmtp` parameters; empty when there are none. */
  readonly parameters: string;
}

/** What an offer has to say about its one video or its one audio. */
export interface OfferedMedia {
  readonly kind: 'video' | 'audio';
  readonly mid: string;
  readonly lines: readonly string[];
  readonly codec: OfferedCodec;
}

/** An offer reduced to one video codec and Opus. */
export interface ReducedOffer {
  readonly sdp: string;
  readonly videoCodec: VideoCodec;
  readonly video: OfferedMedia;
  /** Null when the offer has no audio. */
  readonly audio: OfferedMedia | null;
  /** Name of the ICE session, by which a trickled fragment tells a restart. */
  readonly iceUfrag: string;
}

interface Section {
  readonly kind: string;
  readonly mid: string;
  readonly payloadTypes: readonly number[];
  readonly lines: readonly string[];
}

const invalid = (message: string): BacklotError => new BacklotError('sdp_invalid', { message });

const attribute = (lines: readonly string[], name: string): string | undefined => lines.find((line) => line.startsWith(`a=${name}:`))?.slice(name.length + 3);

const parseSections = (sdp: string): { readonly session: readonly string[]; readonly media: readonly Section[] } => {
  if (sdp.length > MAX_SDP_LENGTH || !sdp.startsWith('v=0')) throw invalid('The body is not SDP: it must start with "v=0".');
  const session: string[] = [];
  const media: (Section & { readonly lines: string[] })[] = [];
  for (const line of sdp.split(/\r?\n/)) {
    if (line === '') continue;
    // Printable ASCII and UTF-8 only: nothing that could end a line when it is written again.
    if (!/^[a-z]=[^\p{Cc}]*$/u.test(line)) throw invalid('The body is not SDP: every line must be a letter, "=" and text.');
    if (!line.startsWith('m=')) {
      (media.at(-1)?.lines ?? session).push(line);
      continue;
    }
    const [, kind = '', types = ''] = /^m=(\w+) \d+(?:\/\d+)? UDP\/TLS\/RTP\/SAVPF((?: \d{1,3})+)$/.exec(line) ?? [];
    media.push({ kind, mid: '', payloadTypes: types.trim().split(' ').map(Number), lines: [] });
  }
  return { session, media: media.map((section) => ({ ...section, mid: attribute(section.lines, 'mid') ?? '' })) };
};

/** Codecs of a section, in the order in which the offerer prefers them. */
const codecsOf = (section: Section): readonly (OfferedCodec & { readonly name: string })[] =>
  section.payloadTypes.flatMap((payloadType) => {
    if (payloadType > 127) return [];
    const name = section.lines
      .find((line) => line.startsWith(`a=rtpmap:${payloadType} `))
      ?.split(' ')[1]
      ?.split('/')[0];
    if (name === undefined) return [];
    const parameters = section.lines.find((line) => line.startsWith(`a=fmtp:${payloadType} `))?.replace(/^a=fmtp:\d+ /, '') ?? '';
    return [{ payloadType, parameters, name: name.toUpperCase() }];
  });

/** How well an H.264 payload type suits: one that fragments pictures over packets before one that can't, constrained baseline before other profiles (RFC 6184 §8.1). */
const h264Rank = (codec: OfferedCodec): number =>
  (/packetization-mode=1/.test(codec.parameters) ? 2 : 0) + (/profile-level-id=42e0/i.test(codec.parameters) ? 1 : 0);

const chooseVideo = (section: Section, accepted: readonly VideoCodec[]): { readonly name: VideoCodec; readonly codec: OfferedCodec } => {
  const codecs = codecsOf(section);
  const name = codecs.map((codec) => codec.name).find((candidate): candidate is VideoCodec => accepted.some((codec) => codec === candidate));
  if (name === undefined)
    throw new BacklotError('no_common_codec', { message: `The offer has no video codec that this session carries (${accepted.join(' or ')}).` });
  const candidates = codecs.filter((codec) => codec.name === name);
  const codec = name === 'H264' ? candidates.toSorted((left, right) => h264Rank(right) - h264Rank(left))[0] : candidates[0];
  if (codec === undefined) throw new BacklotError('no_common_codec');
  return { name, codec };
};

/** Candidates that can be used: UDP, with a literal address (a `.local` name can't be resolved here). */
const usableCandidates = (lines: readonly string[]): readonly string[] =>
  lines
    .filter((line) => {
      const match = /^a=candidate:\S{1,32} 1 udp \d{1,10} (\S+) \d{1,5} typ \w+/i.exec(line);
      return match?.[1] !== undefined && isIP(match[1]) !== 0;
    })
    .slice(0, MAX_CANDIDATES);

/** The one stream of a section: SSRCs of retransmission, of other simulcast layers and of other streams are left out. */
const ssrcLines = (lines: readonly string[]): readonly string[] => {
  const ssrc =
    /^a=ssrc-group:\S+ (\d+)/.exec(lines.find((line) => line.startsWith('a=ssrc-group:')) ?? '')?.[1] ??
    /^a=ssrc:(\d+)/.exec(lines.find((line) => line.startsWith('a=ssrc:')) ?? '')?.[1];
  return ssrc === undefined ? [] : lines.filter((line) => line.startsWith(`a=ssrc:${ssrc} cname:`) || line.startsWith(`a=ssrc:${ssrc} msid:`));
};

const sessionKept = /^(?:[vost]=|a=(?:group:BUNDLE|ice-ufrag:|ice-pwd:|ice-options:|fingerprint:|setup:|msid-semantic:))/;
const mediaKept = /^(?:c=|a=(?:mid:|ice-ufrag:|ice-pwd:|ice-options:|fingerprint:|setup:|msid:|rtcp-mux|rtcp-rsize))/;

const writeMedia = (media: OfferedMedia, direction: string): readonly string[] => {
  const { payloadType, parameters } = media.codec;
  const named = new RegExp(`^a=(?:rtpmap|rtcp-fb):${payloadType} `);
  return [
    `m=${media.kind} 9 UDP/TLS/RTP/SAVPF ${payloadType}`,
    ...media.lines.filter((line) => mediaKept.test(line)),
    `a=${direction}`,
    // Nobody here writes transport-wide feedback; the publisher follows REMB.
    ...media.lines.filter((line) => named.test(line) && !line.includes('transport-cc')),
    ...(parameters === '' ? [] : [`a=fmtp:${payloadType} ${parameters}`]),
    ...(direction === 'sendonly' ? ssrcLines(media.lines) : []),
  ];
};

/**
 * Reads an offer and reduces it to what the stage carries: one video with one codec, Opus, no header extensions, no
 * retransmission streams, no candidates: the stage learns a peer's address from its connectivity checks. (If it checked
 * first, a peer on libdatachannel, such as OBS, could be connected before it has read the answer's fingerprint, and
 * fail: `PeerConnection::setRemoteDescription` of 0.24 starts ICE before it stores the description.) `accepted` are the codecs in question, of which the offerer's favourite is taken.
 * Throws `sdp_invalid` and `no_common_codec`.
 */
export const reduceOffer = (sdp: string, role: 'publisher' | 'viewer', accepted: readonly VideoCodec[]): ReducedOffer => {
  const { session, media } = parseSections(sdp);
  const videos = media.filter((section) => section.kind === 'video');
  const audios = media.filter((section) => section.kind === 'audio');
  const [videoSection] = videos;
  const [audioSection] = audios;
  if (videoSection === undefined || videos.length > 1 || audios.length > 1 || media.length > videos.length + audios.length) {
    throw invalid('The offer must have one video and at most one audio, and nothing else.');
  }
  if (media.some((section) => !/^[\w.+-]{1,64}$/.test(section.mid)) || new Set(media.map((section) => section.mid)).size < media.length) {
    throw invalid('Every "m=" line of the offer must have an "a=mid" of its own.');
  }
  const unfit = role === 'publisher' ? 'recvonly' : 'sendonly';
  if (media.some((section) => section.lines.includes(`a=${unfit}`) || section.lines.includes('a=inactive'))) {
    throw invalid(`The offer of a ${role} can't be "${unfit}" or "inactive".`);
  }
  const all = [...session, ...videoSection.lines];
  const iceUfrag = attribute(all, 'ice-ufrag');
  if (iceUfrag === undefined || attribute(all, 'ice-pwd') === undefined || attribute(all, 'fingerprint') === undefined) {
    throw invalid('The offer must have "a=ice-ufrag", "a=ice-pwd" and "a=fingerprint".');
  }

  const chosen = chooseVideo(videoSection, accepted);
  const video: OfferedMedia = { kind: 'video', mid: videoSection.mid, lines: videoSection.lines, codec: chosen.codec };
  let audio: OfferedMedia | null = null;
  if (audioSection !== undefined) {
    const opus = codecsOf(audioSection).find((codec) => codec.name === 'OPUS');
    if (opus === undefined) throw new BacklotError('no_common_codec', { message: 'The offer has audio, but not Opus.' });
    audio = { kind: 'audio', mid: audioSection.mid, lines: audioSection.lines, codec: opus };
  }
  const direction = role === 'publisher' ? 'sendonly' : 'recvonly';
  const sections = audio === null ? [video] : media[0] === videoSection ? [video, audio] : [audio, video];
  const lines = [...session.filter((line) => sessionKept.test(line)), ...sections.flatMap((section) => writeMedia(section, direction))];
  return { sdp: `${lines.join('\r\n')}\r\n`, videoCodec: chosen.name, video, audio, iceUfrag };
};

/**
 * The answer as it goes out: with `announcedAddress` before the machine's own addresses (a server behind 1:1 NAT is
 * reached there, its own child processes are not), and with `fallbackAddress` when the machine has no network at all.
 */
export const announceAddress = (answer: string, port: number, announcedAddress: string | undefined, fallbackAddress: string): string => {
  const added: string[] = [];
  if (announcedAddress !== undefined) added.push(`a=candidate:90 1 UDP 2130706431 ${announcedAddress} ${port} typ host`);
  else if (!answer.includes('a=candidate:')) added.push(`a=candidate:91 1 UDP 2122317823 ${fallbackAddress} ${port} typ host`);
  if (added.length === 0) return answer;
  return answer.replace(/(a=ice-pwd:[^\r\n]*\r\n)/, `$1${added.join('\r\n')}\r\n`);
};

/**
 * The answer to a viewer as it goes out: asks it for its reference time (`rrtr`: RFC 3611 §4.4 under the name that
 * libwebrtc reads). No browser offers this, but libwebrtc goes by the answer, and who doesn't know the name leaves it.
 */
export const askForReferenceTime = (answer: string, payloadType: number): string =>
  answer.replace(new RegExp(`(a=rtpmap:${payloadType} [^\\r\\n]*\\r\\n)`), `$1a=rtcp-fb:${payloadType} rrtr\r\n`);

/** A trickled fragment (RFC 8840 §9). */
export interface IceFragment {
  /** Null when the fragment doesn't name its ICE session. */
  readonly iceUfrag: string | null;
  /** In the form of `a=candidate` without the `a=`. */
  readonly candidates: readonly string[];
}

/** Reads a fragment. Throws `sdp_invalid`. */
export const parseFragment = (fragment: string): IceFragment => {
  const lines = fragment.split(/\r?\n/).filter((line) => line !== '');
  if (fragment.length > MAX_SDP_LENGTH || lines.length === 0 || lines.some((line) => !/^[a-z]=[^\p{Cc}]*$/u.test(line)))
    throw invalid('The body is not an SDP fragment.');
  return { iceUfrag: attribute(lines, 'ice-ufrag') ?? null, candidates: usableCandidates(lines).map((line) => line.slice(2)) };
};
