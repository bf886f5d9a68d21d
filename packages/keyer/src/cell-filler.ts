/** Widths of the kernels in cells, and how much each counts. */
const KERNELS = [
  { sigma: 1, gain: 1 },
  { sigma: 4, gain: 1e-2 },
] as const;
/** How much the mean of all cells counts: only where no kernel reaches. */
const MEAN_GAIN = 1e-6;
const VALUES = 4;

interface Kernel {
  readonly gain: number;
  readonly reach: number;
  readonly across: Float64Array;
  readonly down: Float64Array;
}

/**
 * Fills and smooths a coarse grid of measurements at once (keying model §2.3): near measurements the narrow kernel wins, in
 * gaps the wider one, and in the middle of large ones, where nothing depends on it, the mean. Buffers are made once.
 */
export class CellFiller {
  /** What was measured: a weight and three values multiplied by it, interleaved, row-major. */
  readonly measured: Float64Array;
  /** What `fill` makes of it: the weight, 0 if nothing was measured at all, and three means. */
  readonly filled: Float64Array;
  readonly #width: number;
  readonly #height: number;
  readonly #work: Float64Array;
  readonly #kernels: readonly Kernel[];

  /** For a grid of the given size in cells. */
  constructor(width: number, height: number) {
    this.#width = width;
    this.#height = height;
    this.measured = new Float64Array(VALUES * width * height);
    this.filled = new Float64Array(VALUES * width * height);
    this.#work = new Float64Array(VALUES * width * height);
    this.#kernels = KERNELS.map(({ sigma, gain }) => ({ gain, reach: 3 * sigma, across: gaussian(width, sigma), down: gaussian(height, sigma) }));
  }

  /** Makes `filled` of `measured`. */
  fill(): void {
    const { filled, measured } = this;
    for (let k = 0; k < VALUES; k++) {
      let sum = 0;
      for (let i = k; i < measured.length; i += VALUES) sum += measured[i] ?? 0;
      for (let i = k; i < filled.length; i += VALUES) filled[i] = MEAN_GAIN * sum;
    }
    for (const kernel of this.#kernels) this.#addBlurred(kernel);
    for (let i = 0; i < filled.length; i += VALUES) {
      for (let k = 1; k < VALUES; k++) filled[i + k] = (filled[i + k] ?? 0) / Math.max(filled[i] ?? 0, Number.MIN_VALUE);
    }
  }

  #addBlurred({ gain, reach, across, down }: Kernel): void {
    const [width, height, work] = [this.#width, this.#height, this.#work];
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        for (let k = 0; k < VALUES; k++) {
          let sum = 0;
          for (let j = Math.max(0, x - reach); j <= Math.min(width - 1, x + reach); j++)
            sum += (across[x * width + j] ?? 0) * (this.measured[VALUES * (y * width + j) + k] ?? 0);
          work[VALUES * (y * width + x) + k] = sum;
        }
      }
    }
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < VALUES * width; x++) {
        let sum = 0;
        for (let j = Math.max(0, y - reach); j <= Math.min(height - 1, y + reach); j++)
          sum += (down[y * height + j] ?? 0) * (work[VALUES * j * width + x] ?? 0);
        const at = VALUES * y * width + x;
        this.filled[at] = (this.filled[at] ?? 0) + gain * sum;
      }
    }
  }
}

/** A Gaussian over n cells with reflecting borders, as an n × n matrix. It is 0 farther than 3 σ from the diagonal. */
const gaussian = (n: number, sigma: number): Float64Array => {
  const matrix = new Float64Array(n * n);
  const reach = 3 * sigma;
  const period = 2 * n;
  for (let i = 0; i < n; i++) {
    let total = 0;
    for (let d = -reach; d <= reach; d++) {
      const wrapped = (((i + d) % period) + period) % period;
      const j = wrapped < n ? wrapped : period - 1 - wrapped;
      const weight = Math.exp(-(d * d) / (2 * sigma * sigma));
      matrix[i * n + j] = (matrix[i * n + j] ?? 0) + weight;
      total += weight;
    }
    for (let j = 0; j < n; j++) matrix[i * n + j] = (matrix[i * n + j] ?? 0) / total;
  }
  return matrix;
};
