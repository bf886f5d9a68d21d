import { DEFAULT_FRAMING } from '@backlot/contract';
import { hasFfmpeg, hasSharedData, sharedData } from '@backlot/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { decodeClip } from './decoded-clip.testing.js';
import { loadBackground } from './load-background.js';
import { loadKeyer } from './load-keyer.js';
import { type Picture, pictureBytes, planesOf } from './picture.js';
import { type Composing, PictureCompositor } from './picture-compositor.js';

const SUIT = 'clips/dhlive-man-suit-720x1080.mp4';
const CLIPS: readonly [path: string, width: number, height: number][] = [
  [SUIT, 720, 1080],
  ['clips/webav-talking-man-480x512.mp4', 480, 512],
  ['clips/aframe-man-prop-360x640.mp4', 360, 640],
];

const codesAt = ({ data, width, height }: Picture, x: number, y: number): [y: number, u: number, v: number] => {
  const { y: luma, u, v, chromaStride } = planesOf(data, width, height);
  const site = (y >> 1) * chromaStride + (x >> 1);
  return [luma[y * width + x] ?? 0, (u[site] ?? 0) - 128, (v[site] ?? 0) - 128];
};
/** Surely nothing but screen, of #00ff00 by either matrix. */
const isScreen = ([, u, v]: readonly number[]) => (u ?? 0) < -64 && (v ?? 0) < -80;
const isGreen = ([, u, v]: readonly number[]) => (u ?? 0) < -25 && (v ?? 0) < -25;
const isSkin = ([y, u, v]: readonly number[]) => (y ?? 0) > 60 && (u ?? 0) < 0 && (v ?? 0) > 8;
const distance = (one: readonly number[], other: readonly number[]) => Math.max(...one.map((value, index) => Math.abs(value - (other[index] ?? 0))));

const plain = (width: number, height: number, [y, u, v]: readonly [number, number, number]): Picture => {
  const data = new Uint8Array(pictureBytes(width, height));
  const planes = planesOf(data, width, height);
  planes.y.fill(y);
  planes.u.fill(u);
  planes.v.fill(v);
  return { data, width, height };
};
const GREEN = [145, 54, 34] as const;
/** A green screen with a grey rectangle on it, from x, y to right, bottom in shares of the picture. */
const block = (width: number, height: number, x: number, y: number, right: number, bottom: number): Picture => {
  const picture = plain(width, height, GREEN);
  const planes = planesOf(picture.data, width, height);
  for (let row = Math.round(y * height); row < Math.round(bottom * height); row++) {
    planes.y.fill(120, row * width + Math.round(x * width), row * width + Math.round(right * width));
    const at = (row >> 1) * planes.chromaStride;
    for (const plane of [planes.u, planes.v]) plane.fill(128, at + Math.round((x * width) / 2), at + Math.round((right * width) / 2));
  }
  return picture;
};

describe.skipIf(!hasFfmpeg() || !hasSharedData)('PictureCompositor', () => {
  let keyer: WebAssembly.Module;
  beforeAll(async () => {
    keyer = await loadKeyer();
  });

  const LILAC = '#c8b8d0';
  const rig = (width: number, height: number, more: Partial<Omit<Composing, 'canvas'>> = {}) => {
    const composing = { canvas: { width, height }, framing: DEFAULT_FRAMING, keying: {}, ...more };
    const compositor = new PictureCompositor(keyer, composing);
    const result: Picture = { data: new Uint8Array(pictureBytes(width, height)), width, height };
    return { compositor, result, compose: (picture: Picture, nowMs = 0) => compositor.compose(picture, result.data, nowMs) };
  };
  const color = async (value: string, width: number, height: number): Promise<Uint8Array> => {
    const picture = await loadBackground({ kind: 'color', color: value }, width, height);
    if (picture === null) throw new Error('A colour is a background.');
    return picture;
  };

  it.each(CLIPS)('leaves no green, keeps the person, shows the background: %s', async (path, width, height) => {
    const frames = await decodeClip(sharedData(path), width, height, 20);
    const { compositor, result, compose } = rig(width, height);
    const background = { data: await color(LILAC, width, height), width, height };
    compositor.setBackground(background.data, 0);
    for (const [index, data] of frames.entries()) expect(compose({ data, width, height }, index * 40)).toBe(true);
    const source = { data: frames.at(-1) ?? new Uint8Array(), width, height };
    let [green, screen, shown, skin, kept] = [0, 0, 0, 0, 0];
    for (let y = 0; y < height; y += 2) {
      for (let x = 0; x < width; x += 2) {
        const [before, after] = [codesAt(source, x, y), codesAt(result, x, y)];
        if (isGreen(after)) green++;
        if (isScreen(before)) {
          screen++;
          if (distance(after, codesAt(background, x, y)) <= 2) shown++;
        } else if (isSkin(before)) {
          skin++;
          if (distance(after, before) <= 10) kept++;
        }
      }
    }
    expect(green / (width * height)).toBeLessThan(0.0005);
    expect(shown / screen).toBeGreaterThan(0.97);
    expect(skin).toBeGreaterThan(200);
    expect(kept / skin).toBeGreaterThan(0.9);
  });

  it('takes pictures of any size, odd ones too, that change while it runs', async () => {
    const { compositor, result, compose } = rig(640, 360);
    compositor.setBackground(await color(LILAC, 640, 360), 0);
    const behind = codesAt({ ...result, data: await color(LILAC, 640, 360) }, 0, 0);
    for (const [width, height] of [[640, 360], [320, 180], [161, 91], [1280, 720], [360, 641]] as const) {
      expect(compose(block(width, height, 0.4, 0.3, 0.6, 1))).toBe(true);
      expect(distance(codesAt(result, 2, 2), behind)).toBeLessThanOrEqual(1);
      expect(distance(codesAt(result, 320, 300), [120, 0, 0])).toBeLessThanOrEqual(2);
    } // prettier-ignore
  });

  it('stands a portrait bottom-centre on a wide canvas, and scales and moves by the framing', async () => {
    const source = block(360, 640, 0, 0.5, 1, 1);
    type Place = readonly [x: number, y: number];
    const places: readonly [framing: object, inside: Place, outside: Place][] = [
      [{}, [640, 700], [400, 700]],
      [{ scale: 0.5 }, [640, 700], [640, 500]],
      [{ x: 0.25 }, [960, 700], [640, 700]],
      [{ y: -0.25 }, [640, 500], [640, 700]],
    ];
    for (const [framing, inside, outside] of places) {
      const { compositor, result, compose } = rig(1280, 720, { framing: { ...DEFAULT_FRAMING, ...framing } });
      compositor.setBackground(await color('#ff0000', 1280, 720), 0);
      expect(compose(source)).toBe(true);
      expect(distance(codesAt(result, ...inside), [120, 0, 0])).toBeLessThanOrEqual(2);
      expect(codesAt(result, ...outside)[2]).toBeGreaterThan(90);
    }
  });

  it('fits the person to the canvas, whatever screen there is around', async () => {
    const { compositor, result, compose } = rig(640, 360, { framing: { ...DEFAULT_FRAMING, crop: 'person' } });
    compositor.setBackground(await color('#ff0000', 640, 360), 0);
    // In a corner, a tenth of the picture.
    expect(compose(block(640, 360, 0.1, 0.6, 0.2, 1))).toBe(true);
    expect(distance(codesAt(result, 320, 350), [120, 0, 0])).toBeLessThanOrEqual(2);
    expect(distance(codesAt(result, 320, 60), [120, 0, 0])).toBeLessThanOrEqual(2);
    expect(codesAt(result, 320, 4)[2]).toBeGreaterThan(60);
    expect(codesAt(result, 64, 350)[2]).toBeGreaterThan(90);
  });

  it("shows the avatar's own screen without a background, framed, and around it more of the screen", () => {
    const { compositor, result, compose } = rig(1280, 720);
    compositor.setBackground(null, 0);
    expect(compose(block(360, 640, 0.4, 0.3, 0.6, 1))).toBe(true);
    for (const [x, y] of [[4, 4], [1270, 700], [640, 20]] as const) expect(distance(codesAt(result, x, y), [145, -74, -94])).toBeLessThanOrEqual(2);
    expect(distance(codesAt(result, 640, 700), [120, 0, 0])).toBeLessThanOrEqual(1);
    const same = rig(640, 360);
    const source = block(640, 360, 0.4, 0.3, 0.6, 1);
    expect(same.compose(source)).toBe(true);
    expect(Buffer.compare(same.result.data, source.data)).toBe(0);
  }); // prettier-ignore

  it('fills the canvas with a picture that has no screen, once it is sure of that', async () => {
    const { compositor, result, compose } = rig(1280, 720);
    compositor.setBackground(await color(LILAC, 1280, 720), 0);
    const grey = plain(640, 640, [90, 128, 128]);
    const shown = Array.from({ length: 10 }, () => compose(grey));
    expect(shown).toEqual([...Array.from({ length: 9 }, () => false), true]);
    expect(codesAt(result, 2, 2)).toEqual([90, 0, 0]);
    expect(codesAt(result, 1278, 718)).toEqual([90, 0, 0]);
  });

  it('shows nothing of another stream before its screen is known, nor of pictures that are none', async () => {
    const { compositor, compose } = rig(640, 360);
    compositor.setBackground(await color(LILAC, 640, 360), 0);
    expect(compose(block(640, 360, 0.4, 0.3, 0.6, 1))).toBe(true);
    expect(compose(plain(8, 8, [16, 128, 128]))).toBe(false);
    compositor.restart();
    expect(compose(plain(640, 360, [90, 128, 128]))).toBe(false);
    expect(compose(block(640, 360, 0.4, 0.3, 0.6, 1))).toBe(true);
  });

  it('keys by the parameters of the session', async () => {
    const behind = await color('#ff0000', 640, 360);
    const source = block(640, 360, 0.4, 0.3, 0.6, 1);
    const blue = rig(640, 360, { keying: { key: '#0000ff', plate: false } });
    blue.compositor.setBackground(behind, 0);
    expect(blue.compose(source)).toBe(true);
    expect(distance(codesAt(blue.result, 4, 4), [145, -74, -94])).toBeLessThanOrEqual(2);
    blue.compositor.configure({ framing: DEFAULT_FRAMING, keying: { key: '#00ff00' } });
    expect(blue.compose(source)).toBe(true);
    expect(codesAt(blue.result, 4, 4)[2]).toBeGreaterThan(90);
  });

  it('cross-fades, from a fade in progress too, and never jumps', async () => {
    const [black, white] = [await color('#000000', 640, 360), await color('#ffffff', 640, 360)];
    const { compositor, result, compose } = rig(640, 360);
    const source = block(640, 360, 0.4, 0.3, 0.6, 1);
    const at = (nowMs: number) => {
      expect(compose(source, nowMs)).toBe(true);
      expect(distance(codesAt(result, 320, 300), [120, 0, 0])).toBeLessThanOrEqual(1);
      return codesAt(result, 4, 4)[0];
    };
    compositor.setBackground(black, 0);
    expect(at(0)).toBe(16);
    compositor.setBackground(white, 400);
    expect(at(1000)).toBeGreaterThan(20);
    expect(compositor.isFading).toBe(true);
    const middle = at(1183);
    expect(Math.abs(middle - 125)).toBeLessThan(4);
    compositor.setBackground(black, 400);
    expect(Math.abs(at(1190) - middle)).toBeLessThan(10);
    expect(at(2000)).toBe(16);
    expect(compositor.isFading).toBe(false);
  });

  it("fades to the avatar's own screen and back", async () => {
    const black = await color('#000000', 640, 360);
    const { compositor, result, compose } = rig(640, 360);
    const source = block(640, 360, 0.4, 0.3, 0.6, 1);
    const at = (nowMs: number) => {
      expect(compose(source, nowMs)).toBe(true);
      return codesAt(result, 4, 4)[0];
    };
    compositor.setBackground(black, 0);
    at(0);
    compositor.setBackground(null, 400);
    expect(at(1000)).toBeLessThan(40);
    expect(Math.abs(at(1183) - 80)).toBeLessThan(4);
    expect(at(2000)).toBe(145);
    expect(Buffer.compare(result.data, source.data)).toBe(0);
    compositor.setBackground(black, 400);
    expect(at(3000)).toBeGreaterThan(120);
    expect(at(4000)).toBe(16);
  });

  it('allocates nothing for a picture', async () => {
    const width = 640;
    const height = 360;
    const frames = await decodeClip(sharedData(SUIT), width, height, 4);
    for (const framing of [DEFAULT_FRAMING, { ...DEFAULT_FRAMING, scale: 1.1, crop: 'person' } as const]) {
      const { compositor, compose } = rig(width, height, { framing });
      const [one, other] = [await color('#204060', width, height), await color('#604020', width, height)];
      const data = new Uint8Array(pictureBytes(width, height));
      const run = (count: number) => {
        for (let index = 0; index < count; index++) {
          if (index % 30 === 0) compositor.setBackground(index % 60 === 0 ? one : other, 500);
          data.set(frames[index % frames.length] ?? data);
          compose({ data, width, height }, index * 33);
        }
      };
      run(60);
      const { arrayBuffers: before } = process.memoryUsage();
      run(120);
      // A single picture has 345 600 bytes.
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100_000);
    }
  });
});
