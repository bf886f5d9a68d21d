import { connected, deleteResource, postOffer } from '../../webrtc-endpoint.js';
import { withStartBitrate } from './start-bitrate.js';
import type { LocalTrack, Wrtc, WrtcConnection } from '../../wrtc.js';

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

  /** Publishes. Resolves when connected; throws `OfferRefused` when it makes no sense to try again. */
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
