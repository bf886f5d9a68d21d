import { toError } from '../errors.js';
import type { WrtcConnection } from './wrtc.js';

const REQUEST_TIMEOUT_MS = 5000;
/** From the answer to a connected peer. On one machine it takes some 20 ms. */
const CONNECT_TIMEOUT_MS = 8000;
const DELETE_TIMEOUT_MS = 1000;

/** A WHIP or WHEP endpoint with its Bearer token. */
export interface WebrtcEndpoint {
  readonly url: string;
  readonly token: string;
  readonly signal: AbortSignal;
}

/** The endpoint refused the offer for good: asking again with the same one can't help. */
export class OfferRefused extends Error {
  override readonly name = 'OfferRefused';
}

/** Posts an offer. Throws `OfferRefused` when it makes no sense to try again. */
export const postOffer = async (options: WebrtcEndpoint, sdp: string): Promise<{ sdp: string; resource: string | null }> => {
  const response = await fetch(options.url, {
    method: 'POST',
    headers: { authorization: `Bearer ${options.token}`, 'content-type': 'application/sdp' },
    body: sdp,
    redirect: 'error',
    signal: AbortSignal.any([options.signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
  });
  const body = await response.text();
  if (response.status !== 201) {
    const message = `the endpoint answered ${response.status}`;
    // 409: our own connection before this one has not been given up yet.
    const passing = response.status >= 500 || [408, 409, 429].includes(response.status);
    throw passing ? new Error(message) : new OfferRefused(message);
  }
  const location = response.headers.get('location');
  return { sdp: body, resource: location === null ? null : new URL(location, options.url).href };
};

/** Resolves when a connection stands. */
export const connected = (connection: WrtcConnection, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const settle = (error: Error | null): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      connection.onconnectionstatechange = null;
      if (error === null) resolve();
      else reject(error);
    };
    const abort = (): void => settle(toError(signal.reason));
    const check = (): void => {
      if (connection.connectionState === 'connected') settle(null);
      else if (connection.connectionState === 'failed' || connection.connectionState === 'closed') settle(new Error('the media connection failed'));
    };
    const timer = setTimeout(() => settle(new Error('the media connection took too long')), CONNECT_TIMEOUT_MS);
    signal.addEventListener('abort', abort, { once: true });
    connection.onconnectionstatechange = check;
    if (signal.aborted) abort();
    else check();
  });

/** Says goodbye, so that the other side need not wait for silence. Nobody to say it to is as good. */
export const deleteResource = async (resource: string | null, token: string): Promise<void> => {
  if (resource === null) return;
  const request = fetch(resource, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${token}` },
    redirect: 'error',
    signal: AbortSignal.timeout(DELETE_TIMEOUT_MS),
  });
  await request.then(
    (response) => response.body?.cancel(),
    () => undefined,
  );
};
