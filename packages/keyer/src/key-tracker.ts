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

/** Codes that are changed in place: nothing is allocated for a picture. */
type OwnCodes = { -readonly [Name in keyof Codes]: Codes[Name] };

const set = (to: OwnCodes, y: number, u: number, v: number): void => {
  to.y = y;
  to.u = u;
  to.v = v;
};

// `Math.hypot` allocates.
const lengthOf = (u: number, v: number) => Math.sqrt(u * u + v * v);

const distance = (a: Codes, b: Codes) => lengthOf(a.u - b.u, a.v - b.v);

/** Whether an estimate may serve as a key, or why not. */
export const judgeEstimate = (estimate: KeyEstimate): NotKeyableReason | null => {
  if (estimate.share < MIN_SHARE) return 'no_screen';
  const length = lengthOf(estimate.u, estimate.v);
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
  readonly #key: OwnCodes = { y: 0, u: 0, v: 0 };
  #hasKey = false;
  #reason: NotKeyableReason | null = 'no_screen';
  #estimate: KeyEstimate | null = null;
  readonly #candidate: OwnCodes = { y: 0, u: 0, v: 0 };
  #confirmations = 0;

  /** The key in use, or null while none was found. What it returns changes with the next picture. */
  get key(): Codes | null {
    return this.#hasKey ? this.#key : null;
  }

  /** Why there is no key; null when there is one. */
  get reason(): NotKeyableReason | null {
    return this.#hasKey ? null : this.#reason;
  }

  /** Share of the border, 0 to 1, that had the most frequent colour at the last look. */
  get share(): number {
    return this.#estimate?.share ?? 0;
  }

  /** Looks at a picture. Returns true when the key has jumped: what was derived from the old one is void. */
  update(image: ChromaImage): boolean {
    const estimate = this.#estimator.estimate(image);
    this.#estimate = estimate;
    const reason = judgeEstimate(estimate);
    if (!this.#hasKey) {
      this.#reason = reason;
      if (reason === null) this.#accept(estimate);
      return reason === null;
    }
    if (reason !== null) return this.#hold();
    const away = distance(estimate, this.#key);
    if (away < DRIFT) {
      const { y, u, v } = this.#key;
      set(this.#key, y + (estimate.y - y) / 8, u + (estimate.u - u) / 8, v + (estimate.v - v) / 8);
      return this.#hold();
    }
    const oldShare = this.#estimator.computeShare(image, this.#key);
    if (oldShare < 0.1 && estimate.share >= 0.6) return this.#accept(estimate);
    if (estimate.share < 0.5 || oldShare >= estimate.share / 2) return this.#hold();
    this.#confirmations = this.#confirmations > 0 && distance(this.#candidate, estimate) <= SAME ? this.#confirmations + 1 : 1;
    set(this.#candidate, estimate.y, estimate.u, estimate.v);
    return this.#confirmations >= CONFIRMATIONS ? this.#accept(estimate) : false;
  }

  /** Forgets everything: the next picture is the first one. */
  reset(): void {
    this.#hasKey = false;
    this.#reason = 'no_screen';
    this.#estimate = null;
    this.#hold();
  }

  #accept(key: Codes): true {
    set(this.#key, key.y, key.u, key.v);
    this.#hasKey = true;
    this.#hold();
    return true;
  }

  #hold(): false {
    this.#confirmations = 0;
    return false;
  }
}
