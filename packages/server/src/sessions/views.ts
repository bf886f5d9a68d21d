import type { LiveBackground, Session, SessionEvent, StageKind } from '@backlot/contract';
import type { AvatarProvider } from '../avatars/port.js';
import type { AnnouncedState, MediaAccess, SessionPlace, StageAccess } from '../stage/port.js';
import { hasBackground, type SurfaceBackground } from '../surfaces/background.js';
import type { BackgroundLibrary, SessionTokenIssuer } from './dependencies.js';
import type { LiveSession } from './live-session.js';
import type { SessionRecord } from './repository.js';

export interface SessionViewsOptions {
  readonly library: BackgroundLibrary;
  readonly avatars: readonly AvatarProvider[];
  readonly tokens: SessionTokenIssuer;
  readonly access: StageAccess;
  /** The stage of this server; an ended session may have had another one. */
  readonly stageKind: StageKind;
  readonly publicUrl: string;
}

const NO_ACCESS: MediaAccess = { url: '', token: '' };

/** Where a session takes place. */
export const placeOf = ({ id, livekitRoom, livekitIdentity }: SessionRecord): SessionPlace => ({
  sessionId: id,
  room: livekitRoom,
  viewerIdentity: livekitIdentity,
});

const stageOf = ({ livekitRoom }: SessionRecord): StageKind => (livekitRoom === null ? 'embedded' : 'livekit');

/** Sessions as others see them: by REST, by events, in their rooms. `live` is the session on air, null when it is over. */
export class SessionViews {
  readonly #options: SessionViewsOptions;

  constructor(options: SessionViewsOptions) {
    this.#options = options;
  }

  background(record: SessionRecord, background: SurfaceBackground): LiveBackground {
    const { sourceSha256 } = background;
    return {
      has_background: hasBackground(background),
      background_id: background.backgroundId,
      background_version: background.version,
      image_url: sourceSha256 === null ? null : this.#options.library.signedRenditionUrl(sourceSha256, { ...record.canvas, fit: record.fit }),
      color: background.color,
    };
  }

  backgroundEvent(record: SessionRecord, background: SurfaceBackground, transitionMs: number): Extract<SessionEvent, { event: 'background' }> {
    return { event: 'background', data: { ...this.background(record, background), fit: record.fit, transition_ms: transitionMs } };
  }

  sessionEvent(record: SessionRecord, live: LiveSession | null): Extract<SessionEvent, { event: 'session' }> {
    const { id, reason, render, canvas, framing, keying } = record;
    return {
      event: 'session',
      data: {
        session_id: id,
        status: live?.status ?? record.status,
        reason,
        stage: stageOf(record),
        render,
        canvas,
        framing,
        keying,
        video_codec: live?.codec ?? null,
      },
    };
  }

  announced(record: SessionRecord, live: LiveSession | null, background: SurfaceBackground, transitionMs: number): AnnouncedState {
    const { status, reason, render, canvas, framing, keying } = this.sessionEvent(record, live).data;
    return { status, reason, render, canvas, framing, keying, background: this.backgroundEvent(record, background, transitionMs).data };
  }

  async session(record: SessionRecord, live: LiveSession | null): Promise<Session> {
    const { access, avatars, publicUrl, stageKind, tokens } = this.#options;
    const { id, render } = record;
    const place = placeOf(record);
    const status = live?.status ?? record.status;
    // A token for LiveKit lets one into the room whatever has become of its session, and one of another stage leads nowhere.
    const isReachable = stageOf(record) === stageKind && (stageKind === 'embedded' || (status !== 'ended' && status !== 'failed'));
    const provider = avatars.find((candidate) => candidate.provider === record.avatar.provider);
    const speaks = provider?.speaks ?? false;
    const [viewer, publisher] = isReachable
      ? await Promise.all([
          access.viewer(place),
          provider?.publishedByUser === true && !provider.needsLivekit ? access.publisher(place, render, 'outside') : null,
        ])
      : [NO_ACCESS, null];
    const playerToken = tokens.issue({ sessionId: id, role: 'viewer' });
    return {
      session_id: id,
      status,
      reason: record.reason,
      avatar: record.avatar,
      canvas: record.canvas,
      fit: record.fit,
      framing: record.framing,
      keying: record.keying,
      render,
      stage: stageOf(record),
      livekit_room: record.livekitRoom,
      livekit_identity: record.livekitIdentity,
      background: this.background(record, live?.background ?? record.background),
      speaks,
      video_codec: live?.codec ?? null,
      viewers: live?.viewers ?? 0,
      stream_url: viewer.url,
      access_token: viewer.token,
      player_token: playerToken,
      player_url: `${publicUrl}/player/${id}#token=${playerToken}`,
      opening: record.openingText === null ? null : { text: record.openingText, state: openingState(record, speaks) },
      publish_url: publisher?.url ?? null,
      publish_token: publisher?.token ?? null,
      metadata: { ...record.metadata },
      created_at: record.createdAt.toISOString(),
      live_at: record.liveAt?.toISOString() ?? null,
      ended_at: record.endedAt?.toISOString() ?? null,
    };
  }
}

const openingState = ({ openingSaidAt }: SessionRecord, speaks: boolean): 'waiting' | 'said' | 'unsupported' =>
  openingSaidAt !== null ? 'said' : speaks ? 'waiting' : 'unsupported';
