/**
 * Hands chunks on as many chunks later as it is told. Counting chunks instead of timing them keeps sound free of gaps:
 * it goes by the clock of whoever sends it.
 */
export class DelayLine<Chunk> {
  readonly #ring: (Chunk | undefined)[];
  #delay = 0;
  #first = 0;
  #length = 0;

  /** `capacity`: the longest delay, in chunks. */
  constructor(capacity: number) {
    this.#ring = Array.from({ length: capacity + 1 });
  }

  get delay(): number {
    return this.#delay;
  }

  /** In chunks, at most the capacity. A longer delay holds the next chunks back; a shorter one leaves out the oldest. */
  set delay(chunks: number) {
    this.#delay = Math.max(0, Math.min(this.#ring.length - 1, chunks));
  }

  /** Takes the newest chunk and returns the one that is due, if one is. */
  push(chunk: Chunk): Chunk | undefined {
    const { length: size } = this.#ring;
    this.#ring[(this.#first + this.#length) % size] = chunk;
    this.#length++;
    let due: Chunk | undefined;
    while (this.#length > this.#delay) {
      due = this.#ring[this.#first];
      this.#ring[this.#first] = undefined;
      this.#first = (this.#first + 1) % size;
      this.#length--;
    }
    return due;
  }

  clear(): void {
    this.#ring.fill(undefined);
    this.#length = 0;
  }
}
