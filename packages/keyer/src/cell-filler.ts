/** Widths of the kernels in cells, and how much each counts. */
const KERNELS = [
  { sigma: 1, gain: 1 },
  { sigma: 4, gain: 1e-2 },
] as const;
/** How much the mean of all cells counts: only where no kernel reaches. */
const MEAN_GAIN = 1e-6;
const VALUES = 4;

interface Kernel {
  readonly reach: number;
  readonly across: Float64Array;
  /** What the kernel counts is in these weights. */
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
    this.#kernels = KERNELS.map(({ sigma, gain }) => ({ reach: 3 * sigma, across: gaussian(width, sigma, 1), down: gaussian(height, sigma, gain) }));
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

  #addBlurred({ reach, across, down }: Kernel): void {
    const width = this.#width;
    const height = this.#height;
    const work = this.#work.fill(0);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const first = Math.max(0, x - reach);
        const count = Math.min(width - 1, x + reach) - first + 1;
        addSums(work, y * width + x, this.measured, y * width + first, 1, across, x * width + first, count);
      }
    }
    for (let y = 0; y < height; y++) {
      const first = Math.max(0, y - reach);
      const count = Math.min(height - 1, y + reach) - first + 1;
      for (let x = 0; x < width; x++) addSums(this.filled, y * width + x, work, first * width + x, width, down, y * height + first, count);
    }
  }
}

/** Adds the weighted sums of `count` cells, `step` apart, to a cell. */
const addSums = (
  to: Float64Array,
  cell: number,
  from: Float64Array,
  firstCell: number,
  step: number,
  weights: Float64Array,
  firstWeight: number,
  count: number,
): void => {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let k = 0; k < count; k++) {
    const weight = weights[firstWeight + k] ?? 0;
    const at = VALUES * (firstCell + k * step);
    a += weight * (from[at] ?? 0);
    b += weight * (from[at + 1] ?? 0);
    c += weight * (from[at + 2] ?? 0);
    d += weight * (from[at + 3] ?? 0);
  }
  const at = VALUES * cell;
  to[at] = (to[at] ?? 0) + a;
  to[at + 1] = (to[at + 1] ?? 0) + b;
  to[at + 2] = (to[at + 2] ?? 0) + c;
  to[at + 3] = (to[at + 3] ?? 0) + d;
};

/** A Gaussian over n cells with reflecting borders, as an n × n matrix. Rows sum to `gain`; it is 0 farther than 3 σ from the diagonal. */
const gaussian = (n: number, sigma: number, gain: number): Float64Array => {
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
    for (let j = 0; j < n; j++) matrix[i * n + j] = (gain * (matrix[i * n + j] ?? 0)) / total;
  }
  return matrix;
};
