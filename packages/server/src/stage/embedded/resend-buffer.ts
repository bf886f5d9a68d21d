import { readSequence } from './rtp.js';

/** Largest packet that is kept; libwebrtc's are at most 1200 bytes and their header. */
const SLOT_BYTES = 1500;

/**
 * The last packets of a stream as its viewers were sent them, to be sent again to whoever missed one. One for all
 * viewers of a room: they share sequence numbers. Its storage is made once, and a packet's slot is its sequence
 * number modulo the capacity.
 */
export class ResendBuffer {
  readonly #storage: Buffer;
  readonly #lengths: Uint16Array;
  readonly #capacity: number;

  /** @param capacity packets that are kept; a power of two, so that slots follow on when sequence numbers wrap */
  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#storage = Buffer.alloc(capacity * SLOT_BYTES);
    this.#lengths = new Uint16Array(capacity);
  }

  /** Keeps a copy of a packet, over the one that was sent `capacity` packets before. */
  keep(packet: Buffer): void {
    if (packet.length > SLOT_BYTES) return;
    const slot = readSequence(packet) % this.#capacity;
    packet.copy(this.#storage, slot * SLOT_BYTES);
    this.#lengths[slot] = packet.length;
  }

  /** The packet with this sequence number, or null when it is no longer kept. Borrowed until `keep` comes to its slot. */
  find(sequence: number): Buffer | null {
    const slot = sequence % this.#capacity;
    const length = this.#lengths[slot] ?? 0;
    if (length === 0) return null;
    const packet = this.#storage.subarray(slot * SLOT_BYTES, slot * SLOT_BYTES + length);
    return readSequence(packet) === sequence ? packet : null;
  }
}
