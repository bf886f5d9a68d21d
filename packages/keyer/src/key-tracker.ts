import type { Codes } from './color.js';
import type { ChromaImage } from './planes.js';
import { type KeyEstimate, KeyEstimator } from './key-estimator.js';

/** Why a picture can't be keyed. */
export type NotKeyableReason =
  /** No colour holds enough of the border: the subject or a scene covers it. */
  | 'no_screen'
  /** The border's colour is too pale to tell from the subject, or as light as a sky. */
  | 'screen_too_pale'
  /** The border has one colour, but of a hue that people have too. */
  | 'screen_not_green_or_blue';

const MIN_LENGTH = 25;
/** Least chroma of a blue screen for each code of its luma above black: skies are as blue, but lighter. */
const MIN_BLUENESS = 0.7;
const BLACK = 16;
const MIN_SHARE = 0.3;
const DRIFT = 2;
const SAME = 3;
const CONFIRMATIONS = 3;

const distance = (a: Codes, b: Codes) => Math.hypot(a.u - b.u, a.v - b.v);

/** Whether an estimate may serve as a key, or why not. */
export const judgeEstimate = (estimate: KeyEstimate): NotKeyableReason | null => {
  if (estimate.share < MIN_SHARE) return 'no_screen';
  const length = Math.hypot(estimate.u, estimate.v);
  if (length < MIN_LENGTH) return 'screen_too_pale';
  if (estimate.u > 0.5 * length && length < MIN_BLUENESS * (estimate.y - BLACK)) return 'screen_too_pale';
  // Green and cyan lie at negative V, blue at large U; skin, red and orange at positive V.
  return estimate.v < -0.2 * length || (estimate.u > 0.6 * length && estimate.v < 0.3 * length) ? null : 'screen_not_green_or_blue';
};

/**
 * The key over time, with hysteresis (keying model §2.2): drift is followed slowly, a new colour must prove itself
 * three times, a scene cut is taken at once, and a covered border changes nothing.
 */
export class KeyTracker {
  readonly #estimator = new KeyEstimator();
  #key: Codes | null = null;
  #reason: NotKeyableReason | null = 'no_screen';
  #share = 0;
  #candidate: Codes | null = null;
  #confirmations = 0;

  /** The key in use, or null while none was found. */
  get key(): Codes | null {
    return this.#key;
  }

  /** Why there is no key; null when there is one. */
  get reason(): NotKeyableReason | null {
    return this.#key === null ? this.#reason : null;
  }

  /** Share of the border, 0 to 1, that had the most frequent colour at the last look. */
  get share(): number {
    return this.#share;
  }

  /** Looks at a picture. Returns true when the key has jumped: what was derived from the old one is void. */
  update(image: ChromaImage): boolean {
    const estimate = this.#estimator.estimate(image);
    this.#share = estimate.share;
    const reason = judgeEstimate(estimate);
    if (this.#key === null) {
      this.#reason = reason;
      if (reason === null) this.#accept(estimate);
      return reason === null;
    }
    if (reason !== null) return this.#hold();
    const away = distance(estimate, this.#key);
    if (away < DRIFT) {
      const { y, u, v } = this.#key;
      this.#key = { y: y + (estimate.y - y) / 8, u: u + (estimate.u - u) / 8, v: v + (estimate.v - v) / 8 };
      return this.#hold();
    }
    const oldShare = this.#estimator.computeShare(image, this.#key);
    if (oldShare < 0.1 && estimate.share >= 0.6) return this.#accept(estimate);
    if (estimate.share < 0.5 || oldShare >= estimate.share / 2) return this.#hold();
    this.#confirmations = this.#candidate !== null && distance(this.#candidate, estimate) <= SAME ? this.#confirmations + 1 : 1;
    this.#candidate = estimate;
    return this.#confirmations >= CONFIRMATIONS ? this.#accept(estimate) : false;
  }

  /** Forgets everything: the next picture is the first one. */
  reset(): void {
    this.#key = null;
    this.#reason = 'no_screen';
    this.#share = 0;
    this.#hold();
  }

  #accept(key: Codes): true {
    this.#key = { y: key.y, u: key.u, v: key.v };
    this.#hold();
    return true;
  }

  #hold(): false {
    this.#candidate = null;
    this.#confirmations = 0;
    return false;
  }
}
