import { type ParticipantInfo, ParticipantInfo_State, type TrackInfo, TrackSource, TrackType } from 'livekit-server-sdk';
import type { RoomSpec, VideoCodec } from '../port.js';
import { AVATAR_IDENTITY, COMPOSITOR_IDENTITY } from './identities.js';

/** `ParticipantInfo.Kind`, which the SDK does not export. */
const KIND = { standard: 0, sip: 3, agent: 4, connector: 7 } as const;
const PUBLISH_ON_BEHALF = 'lk.publish_on_behalf';

const CODECS: Readonly<Record<string, VideoCodec>> = { 'video/vp8': 'VP8', 'video/h264': 'H264', 'video/vp9': 'VP9', 'video/av1': 'AV1', 'video/h265': 'H265' };

/** What there is to know of the people in a room. */
export interface People {
  /** Who is the avatar; null while nobody publishes as it. */
  readonly avatarIdentity: string | null;
  /** Of the avatar's video; null when there is none or it is muted. */
  readonly codec: VideoCodec | null;
  /** Who publishes the composed picture; null while nobody does. */
  readonly programIdentity: string | null;
  readonly viewers: number;
}

const isHere = ({ state }: ParticipantInfo): boolean => state === ParticipantInfo_State.JOINED || state === ParticipantInfo_State.ACTIVE;

/** The video that shows a participant: its camera's, or another one that is no screen. */
const videoOf = ({ tracks }: ParticipantInfo): TrackInfo | undefined => {
  const videos = tracks.filter(({ type, source }) => type === TrackType.VIDEO && source !== TrackSource.SCREEN_SHARE);
  return videos.find(({ source }) => source === TrackSource.CAMERA) ?? videos[0];
};

const findAvatar = (people: readonly ParticipantInfo[], avatar: RoomSpec['avatar'], before: string | null): ParticipantInfo | undefined => {
  const wanted = avatar === 'invited' ? AVATAR_IDENTITY : avatar.identity;
  const seen = people.filter((person) => videoOf(person) !== undefined);
  if (wanted !== null) return seen.find(({ identity }) => identity === wanted);
  const agents = seen.filter(({ kind, identity }) => kind === KIND.agent && identity !== COMPOSITOR_IDENTITY);
  return (
    // Who it was it stays, as long as it is there.
    agents.find(({ identity }) => identity === before) ??
    // A worker that lends an agent its face; else an agent with a face of its own.
    agents.find(({ attributes }) => (attributes[PUBLISH_ON_BEHALF] ?? '') !== '') ??
    agents[0]
  );
};

const isViewer = ({ kind, identity, permission, attributes }: ParticipantInfo): boolean =>
  (kind === KIND.standard || kind === KIND.sip || kind === KIND.connector) &&
  permission?.hidden !== true &&
  identity !== COMPOSITOR_IDENTITY &&
  (attributes[PUBLISH_ON_BEHALF] ?? '') === '';

/** Finds the avatar, the compositor and the viewers. `before` is who the avatar was. */
export const readPeople = (participants: readonly ParticipantInfo[], avatar: RoomSpec['avatar'], before: string | null): People => {
  const people = participants.filter(isHere);
  const found = findAvatar(people, avatar, before);
  const video = found === undefined ? undefined : videoOf(found);
  const compositor = people.find(({ identity }) => identity === COMPOSITOR_IDENTITY);
  const program = compositor === undefined ? undefined : videoOf(compositor);
  return {
    avatarIdentity: found?.identity ?? null,
    codec: video === undefined || video.muted ? null : (CODECS[video.mimeType.toLowerCase()] ?? null),
    programIdentity: program === undefined || program.muted ? null : COMPOSITOR_IDENTITY,
    viewers: people.filter((person) => isViewer(person) && person.identity !== found?.identity).length,
  };
};
