import datachannel, { type PeerConnection, type RtcConfig } from 'node-datachannel';
import { randomUUID } from 'node:crypto';
import { BacklotError } from '../../errors.js';
import { createId } from '../../ids.js';
import { announceAddress, parseFragment, type ReducedOffer } from './sdp.js';

/** How long gathering may take, in milliseconds; it takes a few. */
const GATHER_MS = 5000;

/** Where the stage's one UDP port is. */
export interface MediaAddress {
  readonly port: number;
  /** Address to bind to; undefined for all. */
  readonly host: string | undefined;
  /** Address under which the outside reaches the port, when it is not the machine's own. */
  readonly announcedAddress: string | undefined;
}

/** How every connection of the stage is configured: all over one port. */
export const connectionConfig = ({ port, host }: MediaAddress): RtcConfig => ({
  iceServers: [],
  enableIceUdpMux: true,
  portRangeBegin: port,
  portRangeEnd: port,
  disableAutoNegotiation: true,
  ...(host === undefined ? {} : { bindAddress: host }),
});

/**
 * One peer's ICE and DTLS connection to the stage, over the shared port. Whoever makes one keeps it: native
 * connections and tracks without a reference are collected, and their media stops without any event.
 */
export class Connection implements Disposable {
  readonly id = createId('conn');
  /** Names the ICE session (RFC 9725 §4.3.1). */
  readonly etag = `"${randomUUID()}"`;
  readonly peer: PeerConnection;
  readonly offer: ReducedOffer;
  readonly #address: MediaAddress;
  #closed = false;

  /** `onGone` is called once when the other side closes or fails, not when the connection is disposed here. */
  constructor(offer: ReducedOffer, address: MediaAddress, onGone: () => void) {
    this.offer = offer;
    this.#address = address;
    this.peer = new datachannel.PeerConnection(this.id, connectionConfig(address));
    this.peer.onStateChange((state) => {
      if (!this.#closed && (state === 'closed' || state === 'failed' || state === 'disconnected')) onGone();
    });
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Takes the offer and resolves to the answer with its candidates. Throws `sdp_invalid`. */
  async answer(): Promise<string> {
    let timer: NodeJS.Timeout | undefined;
    try {
      const gathered = new Promise<void>((resolve, reject) => {
        timer = setTimeout(() => reject(new Error('ICE gathering took too long')), GATHER_MS);
        this.peer.onGatheringStateChange((state) => {
          if (state === 'complete') resolve();
        });
      });
      // Also when one of the calls below throws first.
      gathered.catch(() => undefined);
      try {
        this.peer.setRemoteDescription(this.offer.sdp, 'offer');
        this.peer.setLocalDescription('answer');
      } catch (cause) {
        throw new BacklotError('sdp_invalid', { cause });
      }
      await gathered;
      const sdp = this.#closed ? undefined : this.peer.localDescription()?.sdp;
      if (sdp === undefined) throw new BacklotError('sdp_invalid');
      return announceAddress(sdp, this.#address.port, this.#address.announcedAddress, this.#address.host ?? '127.0.0.1');
    } finally {
      clearTimeout(timer);
    }
  }

  /** Adds trickled candidates. Throws `etag_mismatch`, `ice_restart_unsupported` and `sdp_invalid`. */
  trickle(fragment: string, ifMatch: string | undefined): void {
    // RFC 9725 §4.3.2: a restart is asked for with "*", and shows by another ufrag.
    if (ifMatch === '*') throw new BacklotError('ice_restart_unsupported');
    if (ifMatch !== undefined && ifMatch !== this.etag) throw new BacklotError('etag_mismatch');
    const { iceUfrag, candidates } = parseFragment(fragment);
    if (iceUfrag !== null && iceUfrag !== this.offer.iceUfrag) throw new BacklotError('ice_restart_unsupported');
    for (const candidate of candidates) {
      try {
        this.peer.addRemoteCandidate(candidate, this.offer.video.mid);
      } catch (cause) {
        throw new BacklotError('sdp_invalid', { message: "A candidate of the fragment can't be read.", cause });
      }
    }
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    this.peer.close();
  }
}
