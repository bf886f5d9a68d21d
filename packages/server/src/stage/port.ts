import type { LivekitRoomState, Session, SessionEvent, StageKind } from '@backlot/contract';

/** Video codecs that a stage carries. */
export type VideoCodec = NonNullable<Session['video_codec']>;

/** What a room tells the session that it carries. Callbacks are synchronous and must not throw. */
export interface RoomObserver {
  /** The publisher's video is there. Called again when a publisher has come back, and when one goes on after a pause. */
  publisherLive(codec: VideoCodec): void;
  /** The publisher is there, but has muted its video; `publisherLive` or `publisherLeft` follows. */
  publisherPaused(): void;
  /** The publisher is gone: it said goodbye, or nothing has come from it for a while. The room waits for another one. */
  publisherLeft(how: 'closed' | 'lost'): void;
  viewersChanged(viewers: number): void;
  /** The room can't go on; told once. The message is for users. */
  over(code: 'room_closed' | 'compositor_absent', message: string): void;
}

/** Where a session takes place; it stays the same over restarts. */
export interface SessionPlace {
  readonly sessionId: string;
  /** Name of the LiveKit room; null on a stage without. */
  readonly room: string | null;
  /** Identity of the viewer that the session was made for; null on a stage without. */
  readonly viewerIdentity: string | null;
}

/** An address with the token that it takes. */
export interface MediaAccess {
  readonly url: string;
  readonly token: string;
}

/** What lets an avatar join a session's LiveKit room. */
export interface RoomInvitation extends MediaAccess {
  readonly room: string;
  readonly identity: string;
}

/** What everybody in a room should know of its session. */
export type AnnouncedState = Pick<LivekitRoomState, 'status' | 'reason' | 'render' | 'canvas' | 'framing' | 'keying' | 'background'>;

/** What a room is opened with. */
export interface RoomSpec {
  readonly place: SessionPlace;
  /**
   * Who of the room is the avatar: whoever comes by our invitation or our endpoint, or a stranger, by identity or to be
   * found (null). Stages without participants have only one publisher and ignore it.
   */
  readonly avatar: 'invited' | { readonly identity: string | null };
  readonly state: AnnouncedState;
}

/** The room of one session: one publisher, many viewers. Disposing it ends it for everybody; twice does nothing. */
export interface Room extends AsyncDisposable {
  /** Codec of the publisher on air; null while there is none, or it has muted itself. */
  readonly codec: VideoCodec | null;
  readonly viewers: number;
  /** Makes a state known to everybody in the room, now and later. The newest one counts. */
  announce(state: AnnouncedState): void;
  /** Tells everybody who is there now what the avatar says. */
  announceSpeech(speech: Extract<SessionEvent, { event: 'speech' }>['data']): void;
  /** Lets the room go on without us, where its stage can; else it ends. The server stops. */
  leave(): Promise<void>;
}

/** Rooms of publishers whose picture is composed before anybody else watches it. */
export interface SourceRooms {
  /** Opens the way in of a session's publisher; there is at most one for each session. It takes only what a compositor can decode. */
  open(place: SessionPlace, observer: RoomObserver): Room;
}

/**
 * Carries encoded media from one publisher to many viewers and never touches a pixel.
 *
 * Every adapter guarantees: rooms don't affect each other; a publisher or viewer that vanishes is noticed within
 * 20 seconds; nothing is told after a room was disposed.
 */
export interface Stage extends AsyncDisposable {
  readonly kind: StageKind;
  /** Whether rooms go on while Backlot is away, so that sessions are picked up again. */
  readonly outlivesBacklot: boolean;
  /** Null: compositors join the stage's rooms by themselves. Else our own media children compose before they publish. */
  readonly sources: SourceRooms | null;
  /**
   * Makes the room of a new session; there is at most one for each session. Throws `livekit_unavailable`, and leaves
   * nothing behind then.
   */
  openRoom(spec: RoomSpec, observer: RoomObserver): Promise<Room>;
  /** The room of a session of an earlier process. It is there at once; what carries it may be down and come back. */
  resumeRoom(spec: RoomSpec, observer: RoomObserver): Room;
  /**
   * Clears what sessions that are over may have left behind, as soon as what carries them can be reached. Rooms do so
   * by themselves when they are disposed; this is for sessions of earlier processes.
   */
  clearRooms(specs: readonly RoomSpec[]): void;
}

/** Where people and programs get into a session's room. It knows no state: its answers hold for any session. */
export interface StageAccess {
  /** Where a new session takes place. Throws `livekit_not_used` when it wants what the stage has not, `invalid_request` for identities that are taken. */
  place(sessionId: string, wanted: { readonly room?: string | undefined; readonly viewerIdentity?: string | undefined }): SessionPlace;
  /** For a viewer. On LiveKit for one of this identity, else of the place's. */
  viewer(place: SessionPlace, identity?: string): Promise<MediaAccess>;
  /** A WHIP endpoint for the avatar: as people reach it, or as our own media children do. */
  publisher(place: SessionPlace, render: AnnouncedState['render'], from: 'outside' | 'inside'): Promise<MediaAccess>;
  /** For our own media children to watch what a session's publisher sends, on a stage with source rooms. Throws `render_unsupported`. */
  source(place: SessionPlace): MediaAccess;
  /** For an avatar that joins by itself; null on a stage that can't be joined. */
  invitation(place: SessionPlace, render: AnnouncedState['render']): Promise<RoomInvitation | null>;
}
