import type { ScreenModel, Verdict } from './screen-model.js';

/** Frames in a row that must be unfit for a key before a stream that was never keyed is shown as it is. */
const PATIENCE = 10;

/** Decides how a stream is drawn, and tells when it turns out otherwise: whether it can be keyed, or its key. */
export class Keyability {
  readonly #onVerdict: ((verdict: Verdict) => void) | undefined;
  #verdict: Verdict | null = null;
  #generation = -1;
  #unfit = 0;

  constructor(onVerdict: ((verdict: Verdict) => void) | undefined) {
    this.#onVerdict = onVerdict;
  }

  /** What was told last; null before the first time. */
  get verdict(): Verdict | null {
    return this.#verdict;
  }

  /** The first measurements of a stream. Returns how to draw it; null while that is unknown. */
  judge(model: ScreenModel, isFit: boolean): 'keyed' | 'plain' | null {
    this.#unfit = isFit ? 0 : this.#unfit + 1;
    if (isFit || this.#unfit === PATIENCE) this.report(model);
    if (isFit) return 'keyed';
    return this.#unfit >= PATIENCE ? 'plain' : null;
  }

  /** A stream that is keyed has been measured again. */
  report(model: ScreenModel): void {
    if (this.#verdict !== null && this.#verdict.keyable === (model.key !== null) && this.#generation === model.generation) return;
    this.#generation = model.generation;
    this.#verdict = model.verdict;
    this.#onVerdict?.(this.#verdict);
  }

  /** The stream is another one. */
  restart(): void {
    this.#unfit = 0;
  }
}
