/** Rectangles of a picture that must be drawn anew, at even coordinates inside it. Its storage is made once. */
export interface Regions {
  readonly count: number;
  /** Adds a rectangle in pixels, rounded outwards to even numbers and cut to the picture; joins those that cost less as one. Regions may overlap. */
  add(left: number, top: number, right: number, bottom: number): void;
  clear(): void;
  left(index: number): number;
  top(index: number): number;
  right(index: number): number;
  bottom(index: number): number;
}

const LIMIT = 12;

/** Regions of a picture of `width` × `height`, both even. */
export const createRegions = (width: number, height: number): Regions => {
  const edges = new Int32Array(LIMIT * 4);
  let count = 0;
  const at = (index: number): number => edges[index] ?? 0;
  /** Whether drawing both as one costs no more than each alone, overlaps drawn twice. */
  const worthJoining = (i: number, l: number, t: number, r: number, b: number): boolean => {
    const joined = (Math.max(r, at(i + 2)) - Math.min(l, at(i))) * (Math.max(b, at(i + 3)) - Math.min(t, at(i + 1)));
    return joined <= (r - l) * (b - t) + (at(i + 2) - at(i)) * (at(i + 3) - at(i + 1));
  };
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
      for (let index = 0; index < count;) {
        const i = index * 4;
        if (count < LIMIT && !worthJoining(i, l, t, r, b)) {
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
