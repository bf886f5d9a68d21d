import { BacklotApiError, type EndReason, type LiveBackground, type Session, type SessionEvent, type SessionStatus } from '@backlot/client';
import { useEffect, useReducer } from 'react';
import { useBacklot } from '../api/backlot-context.js';
import { isOnAir } from '../api/sessions.js';

/** One line of the log. */
export interface LogEntry {
  readonly id: number;
  readonly atMs: number;
  readonly name: string;
  readonly text: string;
}

/** A session as its events tell it. */
export interface LiveState {
  readonly status: SessionStatus;
  readonly reason: EndReason | null;
  readonly codec: string | null;
  readonly viewers: number;
  readonly background: LiveBackground;
  /** What is being said. */
  readonly caption: string | null;
  readonly log: readonly LogEntry[];
  /** Whether the events come in. */
  readonly isFollowing: boolean;
  readonly error: BacklotApiError | null;
}

type Action =
  | { readonly type: 'event'; readonly event: SessionEvent; readonly atMs: number }
  | { readonly type: 'note'; readonly name: string; readonly text: string; readonly atMs: number }
  | { readonly type: 'lost' }
  | { readonly type: 'error'; readonly error: BacklotApiError };

const MAX_LOG = 200;

const describeEvent = (event: SessionEvent): string => {
  switch (event.event) {
    case 'session':
      return `${event.data.status}${event.data.video_codec === null ? '' : `, ${event.data.video_codec}`}${event.data.reason === null ? '' : `: ${event.data.reason.message}`}`;
    case 'background':
      return `version ${event.data.background_version}: ${event.data.background_id ?? event.data.color ?? (event.data.has_background ? 'an image' : 'none')}`;
    case 'speech':
      return `${event.data.state}: ${event.data.text}`;
    case 'viewers':
      return String(event.data.viewers);
  }
};

const withLog = (state: LiveState, atMs: number, name: string, text: string): readonly LogEntry[] =>
  [{ id: (state.log[0]?.id ?? 0) + 1, atMs, name, text }, ...state.log].slice(0, MAX_LOG);

const reduce = (state: LiveState, action: Action): LiveState => {
  switch (action.type) {
    case 'lost':
      return { ...state, isFollowing: false };
    case 'error':
      return { ...state, isFollowing: false, error: action.error };
    case 'note':
      return { ...state, log: withLog(state, action.atMs, action.name, action.text) };
    case 'event': {
      const { event } = action;
      const next: LiveState = { ...state, isFollowing: true, error: null, log: withLog(state, action.atMs, event.event, describeEvent(event)) };
      switch (event.event) {
        case 'session':
          return {
            ...next,
            status: event.data.status,
            reason: event.data.reason,
            codec: event.data.video_codec,
            caption: isOnAir(event.data.status) ? state.caption : null,
          };
        case 'background':
          return { ...next, background: event.data };
        case 'speech':
          return { ...next, caption: event.data.state === 'started' ? event.data.text : null };
        case 'viewers':
          return { ...next, viewers: event.data.viewers };
      }
    }
  }
};

/** Follows a session while the page shows it. */
export const useLiveSession = (session: Session): readonly [LiveState, (name: string, text: string) => void] => {
  const backlot = useBacklot();
  const [state, dispatch] = useReducer(reduce, session, ({ status, reason, video_codec, viewers, background }): LiveState => ({
    status,
    reason,
    codec: video_codec,
    viewers,
    background,
    caption: null,
    log: [],
    isFollowing: false,
    error: null,
  }));
  const { session_id: id } = session;
  const wasOnAir = isOnAir(session.status);
  useEffect(() => {
    if (!wasOnAir) return undefined;
    const following = new AbortController();
    const follow = async (): Promise<void> => {
      for await (const event of backlot.sessions.events(id, { signal: following.signal, onReconnect: () => dispatch({ type: 'lost' }) })) {
        dispatch({ type: 'event', event, atMs: Date.now() });
      }
    };
    follow().catch((error: unknown) => {
      if (following.signal.aborted) return;
      dispatch({
        type: 'error',
        error:
          error instanceof BacklotApiError
            ? error
            : new BacklotApiError('The events can’t be read.', { code: 'unexpected_response', status: 0 }, { cause: error }),
      });
    });
    return () => following.abort(new DOMException('The page was left.', 'AbortError'));
  }, [backlot, id, wasOnAir]);
  return [state, (name, text) => dispatch({ type: 'note', name, text, atMs: Date.now() })];
};
