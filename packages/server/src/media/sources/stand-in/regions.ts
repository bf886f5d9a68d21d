/** Rectangles of a picture that must be drawn anew, at even coordinates inside it. Its storage is made once. */
export interface Regions {
  readonly count: number;
  /** Adds a rectangle in pixels, rounded outwards to even numbers and cut to the picture; joins what overlaps. */
  add(left: number, top: number, right: number, bottom: number): void;
  clear(): void;
  left(index: number): number;
  top(index: number): number;
  right(index: number): number;
  bottom(index: number): number;
}

const LIMIT = 8;

/** Regions of a picture of `width` × `height`, both even. */
export const createRegions = (width: number, height: number): Regions => {
  const edges = new Int32Array(LIMIT * 4);
  let count = 0;
  const at = (index: number): number => edges[index] ?? 0;
  return {
    get count() {
      return count;
    },
    add(left, top, right, bottom) {
      let l = Math.max(0, Math.floor(left / 2) * 2);
      let t = Math.max(0, Math.floor(top / 2) * 2);
      let r = Math.min(width, Math.ceil(right / 2) * 2);
      let b = Math.min(height, Math.ceil(bottom / 2) * 2);
      if (!(l < r && t < b)) return;
      for (let index = 0; index < count; ) {
        const i = index * 4;
        if (count < LIMIT && (at(i) >= r || at(i + 2) <= l || at(i + 1) >= b || at(i + 3) <= t)) {
          index += 1;
          continue;
        }
        l = Math.min(l, at(i));
        t = Math.min(t, at(i + 1));
        r = Math.max(r, at(i + 2));
        b = Math.max(b, at(i + 3));
        count -= 1;
        edges.copyWithin(i, count * 4, count * 4 + 4);
        // The joined rectangle may reach others now.
        index = 0;
      }
      edges[count * 4] = l;
      edges[count * 4 + 1] = t;
      edges[count * 4 + 2] = r;
      edges[count * 4 + 3] = b;
      count += 1;
    },
    clear() {
      count = 0;
    },
    left: (index) => at(index * 4),
    top: (index) => at(index * 4 + 1),
    right: (index) => at(index * 4 + 2),
    bottom: (index) => at(index * 4 + 3),
  };
};
