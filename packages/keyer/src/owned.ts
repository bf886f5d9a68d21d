/**
 * Owns something that the garbage collector doesn't free. A plain method and not `Symbol.dispose`, which Safari lacks.
 */
export interface Owned {
  /** Frees it. */
  dispose(): void;
}
