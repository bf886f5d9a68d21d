import { DEFAULT_FRAMING } from '@backlot/contract';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Source, StreamSource } from '../source.js';
import { ComposedSource } from './composed-source.js';
import { loadBackground } from './load-background.js';
import { loadKeyer } from './load-keyer.js';
import { pictureBytes, planesOf } from './picture.js';
import { PictureCompositor } from './picture-compositor.js';

const CANVAS = { width: 64, height: 36 };

/** A green screen with someone of this luma in the middle. */
const person = (luma: number, width = CANVAS.width, height = CANVAS.height): Uint8Array => {
  const data = new Uint8Array(pictureBytes(width, height));
  const { y, u, v } = planesOf(data, width, height);
  y.fill(145);
  u.fill(54);
  v.fill(34);
  for (let row = Math.round(height / 3); row < height; row++) {
    y.fill(luma, row * width + Math.round(width / 3), row * width + Math.round((2 * width) / 3));
    const [from, to] = [Math.round(width / 6), Math.round(width / 3)];
    for (const plane of [u, v]) plane.fill(128, (row >> 1) * Math.ceil(width / 2) + from, (row >> 1) * Math.ceil(width / 2) + to);
  }
  return data;
};

describe('a composed source', () => {
  let keyer: WebAssembly.Module;
  beforeAll(async () => {
    keyer = await loadKeyer();
  });

  const luma = async (color: string): Promise<Uint8Array> => {
    const picture = await loadBackground({ kind: 'color', color }, CANVAS.width, CANVAS.height);
    if (picture === null) throw new Error('A colour is a background.');
    return picture;
  };
  const compose = (source: Source | StreamSource) => {
    const composed = new ComposedSource(source, new PictureCompositor(keyer, { canvas: CANVAS, framing: DEFAULT_FRAMING, keying: {} }), CANVAS);
    const into = new Uint8Array(pictureBytes(CANVAS.width, CANVAS.height));
    return {
      composed,
      /** Whether there is something new at that time. */
      at: (ms: number) => composed.readVideo(ms / 10, into),
      corner: () => into[2 * CANVAS.width + 2] ?? 0,
      chest: () => into[30 * CANVAS.width + 32] ?? 0,
    };
  };
  /** Draws luma 100, 101 … at 25 a second, except where `stands`. */
  const steady = (stands: (index: number) => boolean = () => false): Source & { readonly asked: number[] } => {
    const asked: number[] = [];
    return {
      ...CANVAS,
      asked,
      rateFps: 25,
      readVideo: (index, into) => {
        asked.push(index);
        if (stands(index)) return false;
        into.set(person(100 + index));
        return true;
      },
      readAudio: (into) => into.fill(7),
      [Symbol.asyncDispose]: async () => undefined,
    };
  };

  test('takes each picture of a source in its time, once, and passes its sound on', async () => {
    const source = steady();
    const { composed, at, chest, corner } = compose(source);
    composed.setBackground(await luma('#ffffff'), 0);
    const shown = Array.from({ length: 13 }, (_, index) => at(10 * index));
    expect(shown.map((isNew, index) => (isNew ? index : null)).filter((index) => index !== null)).toEqual([0, 4, 8, 12]);
    expect(source.asked).toEqual([0, 1, 2, 3]);
    expect([corner(), chest()]).toEqual([235, 103]);
    const sound = new Int16Array(3);
    composed.readAudio(sound);
    expect([...sound]).toEqual([7, 7, 7]);
  });

  test('shows a swap at once, and not with the next picture', async () => {
    const { composed, at, corner, chest } = compose(steady());
    composed.setBackground(await luma('#ffffff'), 0);
    expect(at(0)).toBe(true);
    composed.setBackground(await luma('#000000'), 0);
    expect(at(10)).toBe(true);
    expect([corner(), chest()]).toEqual([16, 100]);
    expect(at(20)).toBe(false);
  });

  test('goes on with a fade while the avatar stands, and then rests', async () => {
    const { composed, at, corner } = compose(steady((index) => index > 0));
    composed.setBackground(await luma('#ffffff'), 0);
    expect(at(0)).toBe(true);
    composed.setBackground(await luma('#000000'), 200);
    const lumas: number[] = [];
    for (let ms = 10; ms <= 400; ms += 10) if (at(ms)) lumas.push(corner());
    expect(lumas.length).toBeGreaterThanOrEqual(5);
    expect(lumas.length).toBeLessThanOrEqual(8);
    expect(lumas).toEqual(lumas.toSorted((left, right) => right - left));
    expect(lumas.at(-1)).toBe(16);
  });

  test("takes a stranger's pictures when they come, at any size", async () => {
    const stream = { picture: null as StreamSource['picture'], readAudio: () => undefined, [Symbol.asyncDispose]: async () => undefined };
    const { composed, at, corner, chest } = compose(stream);
    composed.setBackground(await luma('#ffffff'), 0);
    expect(at(0)).toBe(false);
    stream.picture = { data: person(120), ...CANVAS };
    expect(at(10)).toBe(true);
    expect(at(20)).toBe(false);
    stream.picture = { data: person(90, 128, 72), width: 128, height: 72 };
    expect(at(30)).toBe(true);
    expect([corner(), chest()]).toEqual([235, 90]);
  });
});
