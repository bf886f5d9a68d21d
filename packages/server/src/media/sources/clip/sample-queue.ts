const BYTES = Int16Array.BYTES_PER_ELEMENT;

/** Decoded audio between ffmpeg's pipe and the clock: a ring of 16-bit samples that grows to what it must hold. */
export class SampleQueue {
  /** Little-endian, as ffmpeg writes them and every supported processor reads them. */
  #ring = new Uint8Array(1 << 17);
  #start = 0;
  #bytes = 0;
  /** Samples that were due when they had not come: they are dropped when they come, so that sound stays in step. */
  #owed = 0;

  /** Whole samples that wait. */
  get length(): number {
    return Math.floor(this.#bytes / BYTES);
  }

  write(bytes: Uint8Array): void {
    if (this.#bytes + bytes.length > this.#ring.length) this.#grow(this.#bytes + bytes.length);
    const end = (this.#start + this.#bytes) % this.#ring.length;
    const first = Math.min(bytes.length, this.#ring.length - end);
    this.#ring.set(bytes.subarray(0, first), end);
    this.#ring.set(bytes.subarray(first), 0);
    this.#bytes += bytes.length;
    const late = Math.min(this.#owed, this.length);
    this.#skip(late);
    this.#owed -= late;
  }

  /** Fills `into` with the next samples, and with silence where they have not come. */
  read(into: Int16Array): void {
    const samples = Math.min(this.length, into.length);
    const target = new Uint8Array(into.buffer, into.byteOffset, samples * BYTES);
    const first = Math.min(target.length, this.#ring.length - this.#start);
    target.set(this.#ring.subarray(this.#start, this.#start + first), 0);
    target.set(this.#ring.subarray(0, target.length - first), first);
    this.#skip(samples);
    into.fill(0, samples);
    this.#owed += into.length - samples;
  }

  #skip(samples: number): void {
    this.#start = (this.#start + samples * BYTES) % this.#ring.length;
    this.#bytes -= samples * BYTES;
  }

  #grow(bytes: number): void {
    let size = this.#ring.length;
    while (size < bytes) size *= 2;
    const ring = new Uint8Array(size);
    const first = Math.min(this.#bytes, this.#ring.length - this.#start);
    ring.set(this.#ring.subarray(this.#start, this.#start + first), 0);
    ring.set(this.#ring.subarray(0, this.#bytes - first), first);
    this.#ring = ring;
    this.#start = 0;
  }
}
