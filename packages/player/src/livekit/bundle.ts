import { errorCode, refusalText } from '../refusals.js';
import type { Source, SourceObserver } from '../source.js';
import { type LivekitConnection, LivekitSource } from './livekit-source.js';

// What viewers of LiveKit load besides `backlot-player.js`.

const REQUEST_TIMEOUT_MS = 10_000;

/** Joins the room of a session of Backlot, which gives the way in. `stateKnown`: whether the room tells the session's state now. */
export const joinSession = (sessionUrl: string, token: string, observer: SourceObserver, stateKnown: (isKnown: boolean) => void): Source => {
  const connect = async (signal: AbortSignal): Promise<LivekitConnection | null> => {
    const response = await fetch(`${sessionUrl}/livekit-connection`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}` },
      credentials: 'omit',
      signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
    });
    if (response.ok) return (await response.json()) as LivekitConnection;
    if (response.status >= 500 || response.status === 429) throw new Error(`The server answered ${response.status}.`);
    const code = await errorCode(response);
    // The feed tells why a session is over.
    if (code !== 'session_ended' && !signal.aborted) observer.over('failed', refusalText(code));
    return null;
  };
  return new LivekitSource({ connect, isOwnIdentity: true, stateKnown }, observer);
};

/** Joins a room by LiveKit's own address and token. Backlot is not asked. */
export const joinRoom = (connection: LivekitConnection, observer: SourceObserver): Source =>
  new LivekitSource({ connect: () => Promise.resolve(connection), isOwnIdentity: false, stateKnown: () => undefined }, observer);
