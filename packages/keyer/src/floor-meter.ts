const FROM = -0.05;
const TO = 0.45;
const BINS = 500;
const LEAST = 0.07;
const MOST = 0.2;
const MARGIN = 0.03;
const NONE = 0.08;

/**
 * Finds the floor of the matte (keying model §2.4): the 90th percentile of spill and flare on the subject, plus a
 * margin. Feed it every sample that is not surely screen, then take the floor.
 */
export class FloorMeter {
  readonly #histogram = new Uint32Array(BINS);
  #count = 0;

  /** Forgets the samples. */
  reset(): void {
    this.#histogram.fill(0);
    this.#count = 0;
  }

  /** Takes one guarded projection; what lies outside −0.05 to 0.45 is no spill and is left out. */
  add(projection: number): void {
    if (projection <= FROM || projection >= TO) return;
    const bin = Math.min(BINS - 1, Math.floor(((projection - FROM) / (TO - FROM)) * BINS));
    this.#histogram[bin] = (this.#histogram[bin] ?? 0) + 1;
    this.#count++;
  }

  /** The floor, 0.07 to 0.2; 0.08 without samples. */
  computeFloor(): number {
    if (this.#count === 0) return NONE;
    let below = 0;
    let bin = 0;
    while (bin < BINS - 1 && below + (this.#histogram[bin] ?? 0) < 0.9 * this.#count) below += this.#histogram[bin++] ?? 0;
    const within = (0.9 * this.#count - below) / Math.max(1, this.#histogram[bin] ?? 0);
    const percentile = FROM + ((bin + Math.min(1, within)) / BINS) * (TO - FROM);
    return Math.min(MOST, Math.max(LEAST, percentile + MARGIN));
  }
}
