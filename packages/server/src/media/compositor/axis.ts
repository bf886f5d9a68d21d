/**
 * One axis of a picture that lies on a canvas: where the canvas takes its samples from, and with which weight of 256 the second
 * of two neighbours. The tables are as long as the canvas and filled anew when the picture moves.
 */
export class Axis {
  readonly first: Int32Array;
  readonly second: Int32Array;
  readonly weight: Int32Array;
  /** The first and the last + 1 sample of the canvas whose middle the picture covers. */
  start = 0;
  end = 0;

  constructor(length: number) {
    this.first = new Int32Array(length);
    this.second = new Int32Array(length);
    this.weight = new Int32Array(length);
  }

  /** The picture's `sourceLength` samples lie from `offset` on, over `extent` samples of the canvas. */
  lay(sourceLength: number, offset: number, extent: number): void {
    const { length } = this.first;
    const last = sourceLength - 1;
    for (let at = 0; at < length; at++) {
      const source = Math.max(0, Math.min(last, ((at + 0.5 - offset) * sourceLength) / extent - 0.5));
      const first = Math.floor(source);
      this.first[at] = first;
      this.second[at] = Math.min(last, first + 1);
      this.weight[at] = Math.min(255, Math.round((source - first) * 256));
    }
    this.start = Math.max(0, Math.min(length, Math.ceil(offset - 0.5)));
    this.end = Math.max(this.start, Math.min(length, Math.ceil(offset + extent - 0.5)));
  }
}
