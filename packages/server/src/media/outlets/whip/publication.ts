import { toError } from '../../../errors.js';
import { withStartBitrate } from './start-bitrate.js';
import type { LocalTrack, Wrtc, WrtcConnection } from './wrtc.js';

const REQUEST_TIMEOUT_MS = 5000;
/** From the answer to a connected peer. On one machine it takes some 20 ms. */
const CONNECT_TIMEOUT_MS = 8000;
const DELETE_TIMEOUT_MS = 1000;

/** The endpoint refused the offer for good: asking again with the same one can't help. */
export class PublicationRefused extends Error {
  override readonly name = 'PublicationRefused';
}

export interface PublicationOptions {
  readonly wrtc: Wrtc;
  readonly url: string;
  readonly token: string;
  readonly video: LocalTrack;
  readonly audio: LocalTrack;
  readonly maxBitrateBps: number;
  readonly signal: AbortSignal;
}

/** One WHIP connection (RFC 9725): an offer sent, its answer applied, connected; DELETE at the end. */
export class Publication implements AsyncDisposable {
  readonly #connection: WrtcConnection;
  readonly #resource: string | null;
  readonly #token: string;
  /** Resolves when the other side is gone. */
  readonly lost: Promise<void>;

  private constructor(connection: WrtcConnection, resource: string | null, token: string) {
    this.#connection = connection;
    this.#resource = resource;
    this.#token = token;
    this.lost = new Promise((resolve) => {
      const check = (): void => {
        if (connection.connectionState !== 'connected' && connection.connectionState !== 'connecting') resolve();
      };
      connection.onconnectionstatechange = check;
      check();
    });
  }

  /** Publishes. Resolves when connected; throws `PublicationRefused` when it makes no sense to try again. */
  static async open(options: PublicationOptions): Promise<Publication> {
    const { wrtc, maxBitrateBps } = options;
    const connection = new wrtc.RTCPeerConnection({ bundlePolicy: 'max-bundle', iceServers: [] });
    let resource: string | null = null;
    try {
      // One stream for both, or browsers don't play them in step.
      const streams = [new wrtc.MediaStream({ id: 'backlot' })];
      const direction = 'sendonly';
      connection
        .addTransceiver(options.video, { direction, streams, sendEncodings: [{ maxBitrate: maxBitrateBps }] })
        .setCodecPreferences([{ mimeType: 'video/VP8', clockRate: 90_000 }]);
      connection
        .addTransceiver(options.audio, { direction, streams })
        .setCodecPreferences([{ mimeType: 'audio/opus', clockRate: 48_000, channels: 2, sdpFmtpLine: 'minptime=10;useinbandfec=1' }]);
      const offer = await connection.createOffer();
      await connection.setLocalDescription(offer);
      // The offer goes out without candidates: our address is learnt from our connectivity checks.
      const answer = await postOffer(options, offer.sdp);
      resource = answer.resource;
      await connection.setRemoteDescription({ type: 'answer', sdp: withStartBitrate(answer.sdp, maxBitrateBps) });
      await connected(connection, options.signal);
      return new Publication(connection, resource, options.token);
    } catch (error) {
      connection.close();
      await deleteResource(resource, options.token);
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection.onconnectionstatechange = null;
    await deleteResource(this.#resource, this.#token);
    this.#connection.close();
  }
}

const postOffer = async (options: PublicationOptions, sdp: string): Promise<{ sdp: string; resource: string | null }> => {
  const response = await fetch(options.url, {
    method: 'POST',
    headers: { authorization: `Bearer ${options.token}`, 'content-type': 'application/sdp' },
    body: sdp,
    redirect: 'error',
    signal: AbortSignal.any([options.signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
  });
  const body = await response.text();
  if (response.status !== 201) {
    const message = `the WHIP endpoint answered ${response.status}`;
    // 409: our own connection before this one has not been given up yet.
    const passing = response.status >= 500 || [408, 409, 429].includes(response.status);
    throw passing ? new Error(message) : new PublicationRefused(message);
  }
  const location = response.headers.get('location');
  return { sdp: body, resource: location === null ? null : new URL(location, options.url).href };
};

const connected = (connection: WrtcConnection, signal: AbortSignal): Promise<void> =>
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
const deleteResource = async (resource: string | null, token: string): Promise<void> => {
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
