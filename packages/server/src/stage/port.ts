/** Video codecs that a stage carries. */
export type VideoCodec = 'VP8' | 'H264';

/** What a room tells the session that it carries. Callbacks are synchronous and must not throw. */
export interface RoomObserver {
  /** The publisher's first video packet has arrived. Called again when a publisher has come back. */
  publisherLive(codec: VideoCodec): void;
  /** The publisher is gone: it said goodbye, or nothing has come from it for `lostAfterMs`. The room waits for another one. */
  publisherLeft(how: 'closed' | 'lost'): void;
  viewersChanged(viewers: number): void;
}

/** The room of one session: one publisher, many viewers. Disposing it closes every connection. */
export interface Room extends AsyncDisposable {
  readonly sessionId: string;
  /** Codec of the publisher on air, or null. */
  readonly codec: VideoCodec | null;
  readonly viewers: number;
}

/**
 * Carries encoded media from one publisher to many viewers and never touches a pixel.
 *
 * Every adapter guarantees: rooms don't affect each other; a publisher or viewer that vanishes is noticed within
 * 10 seconds; disposing a room twice does nothing.
 */
export interface Stage extends AsyncDisposable {
  readonly kind: 'embedded';
  /** Makes the room of a session. There is at most one for each session id. */
  openRoom(sessionId: string, observer: RoomObserver): Room;
}
