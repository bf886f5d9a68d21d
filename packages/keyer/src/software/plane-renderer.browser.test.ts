import { hasChromium, hasSharedData } from '@backlot/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type KeyerGlobal, type KeyingPage, openKeyingPage } from '../keying-page.testing.js';

interface Tools {
  canvas(width: number, height: number): HTMLCanvasElement;
  /** A decoded picture of one colour, as codes. */
  plain(width: number, height: number, y: number, u: number, v: number): VideoFrame;
  /** A renderer that has its module; `drawn` resolves with the next frame on its canvas. */
  renderer(canvas: HTMLCanvasElement): Promise<{
    renderer: InstanceType<KeyerGlobal['PlaneRenderer']>;
    drawn(): Promise<void>;
    unfit: Promise<Error>;
    verdicts: unknown[];
  }>;
  /** A frame of a clip that plays, as it was decoded. */
  frameOf(clip: string): Promise<VideoFrame>;
  /** Resolves when the last frame that a renderer took has been drawn, or was held back. */
  settled(): Promise<unknown>;
  /** Straight RGBA. */
  pixels(canvas: HTMLCanvasElement): Uint8ClampedArray;
}
declare const keyer: KeyerGlobal;
declare const tools: Tools;

const PHOTO = 'backgrounds/photos/saxon-switzerland-539418_1280.jpg';
const CLIPS = ['clips/dhlive-man-suit-720x1080.mp4', 'clips/webav-talking-man-480x512.mp4', 'clips/aframe-man-prop-360x640.mp4'];

describe.skipIf(!hasChromium || !hasSharedData)('PlaneRenderer', () => {
  let keying: KeyingPage;

  beforeAll(async () => {
    keying = await openKeyingPage();
    await keying.page.evaluate(() => {
      const module = fetch('/keyer.wasm').then(async (response) => WebAssembly.compile(await response.arrayBuffer()));
      let copied: Promise<unknown> = Promise.resolve();
      const { copyTo } = VideoFrame.prototype;
      VideoFrame.prototype.copyTo = function (...args) {
        const layout = copyTo.apply(this, args);
        copied = layout;
        return layout;
      };
      const made: Tools = {
        canvas: (width, height) => Object.assign(document.createElement('canvas'), { width, height }),
        plain(width, height, y, u, v) {
          const [luma, chroma] = [width * height, (width * height) / 4];
          const data = new Uint8Array(luma + 2 * chroma);
          data
            .fill(y, 0, luma)
            .fill(u, luma, luma + chroma)
            .fill(v, luma + chroma);
          return new VideoFrame(data, { format: 'I420', codedWidth: width, codedHeight: height, timestamp: 0 });
        },
        async renderer(canvas) {
          let resolveDrawn = () => {};
          let resolveUnfit: (error: Error) => void = () => {};
          const unfit = new Promise<Error>((resolve) => (resolveUnfit = resolve));
          const verdicts: unknown[] = [];
          const renderer = new keyer.PlaneRenderer(canvas, {
            module,
            onDrawn: () => resolveDrawn(),
            onUnfit: (error) => resolveUnfit(error),
            onVerdict: (verdict) => verdicts.push(verdict),
          });
          // The renderer asked first.
          await module;
          return { renderer, drawn: () => new Promise<void>((resolve) => (resolveDrawn = resolve)), unfit, verdicts };
        },
        async frameOf(clip) {
          const video = document.createElement('video');
          Object.assign(video, { muted: true, loop: true, src: `/${clip}` });
          await video.play();
          await new Promise((resolve) => video.requestVideoFrameCallback(resolve));
          const frame = new VideoFrame(video);
          video.pause();
          return frame;
        },
        // What follows a copy are microtasks.
        settled: async () => copied.then(() => new Promise((resolve) => setTimeout(resolve))),
        pixels: (canvas) =>
          canvas.getContext('2d', { willReadFrequently: true })?.getImageData(0, 0, canvas.width, canvas.height).data ?? new Uint8ClampedArray(),
      };
      Object.assign(window, { tools: made });
    });
  });
  afterAll(() => keying[Symbol.asyncDispose]());

  it.each(CLIPS)('leaves no green, keeps the person, shows the background: %s', async (clip) => {
    const measured = await keying.page.evaluate(async (path) => {
      const frame = await tools.frameOf(path);
      const { displayWidth: width, displayHeight: height } = frame;
      const canvas = tools.canvas(width, height);
      const before = tools.canvas(width, height).getContext('2d', { willReadFrequently: true });
      const { renderer, drawn, verdicts } = await tools.renderer(canvas);
      // A background without any green of its own.
      renderer.setBackground({ kind: 'color', color: '#c8b8d0' });
      const onCanvas = drawn();
      before?.drawImage(frame, 0, 0);
      renderer.drawFrame(frame, width, height, 0);
      await onCanvas;
      const after = tools.pixels(canvas);
      const source = before?.getImageData(0, 0, width, height).data ?? new Uint8ClampedArray();
      let green = 0;
      let screen = 0;
      let background = 0;
      let person = 0;
      let kept = 0;
      for (let i = 0; i < after.length; i += 4) {
        const [r = 0, g = 0, b = 0] = after.subarray(i, i + 3);
        const [sr = 0, sg = 0, sb = 0] = source.subarray(i, i + 3);
        if (g - Math.max(r, b) > 15) green++;
        if (sg - Math.max(sr, sb) > 190) {
          screen++;
          if (Math.abs(r - 0xc8) + Math.abs(g - 0xb8) + Math.abs(b - 0xd0) <= 3) background++;
        }
        // Red-dominant: skin, whatever else there is.
        if (sr > sg + 20) {
          person++;
          if (Math.abs(r - sr) + Math.abs(g - sg) + Math.abs(b - sb) < 24) kept++;
        }
      }
      renderer.dispose();
      return { green: green / (width * height), background: background / screen, kept: kept / Math.max(1, person), person, verdicts };
    }, clip);
    expect(measured.verdicts).toMatchObject([{ keyable: true }]);
    expect(measured.green).toBeLessThan(0.005);
    expect(measured.background).toBeGreaterThan(0.97);
    expect(measured.kept).toBeGreaterThan(0.9);
  });

  it('draws the same over a still background, over a fading one and on a canvas of its own', async () => {
    const different = await keying.page.evaluate(async (photo) => {
      const frame = await tools.frameOf('clips/webav-talking-man-480x512.mp4');
      const image = async () => createImageBitmap(await (await fetch(`/${photo}`)).blob());
      const draw = async (fade: boolean) => {
        const canvas = tools.canvas(480, 512);
        const { renderer, drawn } = await tools.renderer(canvas);
        renderer.setBackground({ kind: 'image', image: await image(), fit: 'cover' });
        renderer.redraw(0);
        // A fade between equal pictures shows the same picture, by the other way of composing.
        if (fade) renderer.setBackground({ kind: 'image', image: await image(), fit: 'cover' }, 1000);
        const onCanvas = drawn();
        renderer.drawFrame(frame, 480, 512, 500);
        await onCanvas;
        const moving = renderer.isMoving;
        const result = tools.pixels(canvas);
        renderer.dispose();
        return { result, moving };
      };
      const [still, fading] = [await draw(false), await draw(true)];
      let far = 0;
      for (let i = 0; i < still.result.length; i++) if (Math.abs((still.result[i] ?? 0) - (fading.result[i] ?? 0)) > 3) far++;
      return { far: far / still.result.length, moving: [still.moving, fading.moving] };
    }, PHOTO);
    expect(different.moving).toEqual([false, true]);
    expect(different.far).toBeLessThan(0.001);
  });

  it('stands a portrait bottom-centre on a wide canvas, the background around it', async () => {
    const { left, right, middle } = await keying.page.evaluate(async () => {
      const frame = await tools.frameOf('clips/dhlive-man-suit-720x1080.mp4');
      const canvas = tools.canvas(1280, 720);
      const { renderer, drawn } = await tools.renderer(canvas);
      renderer.setBackground({ kind: 'color', color: '#ff0000' });
      const onCanvas = drawn();
      renderer.drawFrame(frame, 720, 1080, 0);
      await onCanvas;
      const pixels = tools.pixels(canvas);
      const at = (x: number, y: number) => Array.from(pixels.subarray(4 * (y * 1280 + x), 4 * (y * 1280 + x) + 4));
      renderer.dispose();
      return { left: at(100, 600), right: at(1180, 600), middle: at(640, 715) };
    });
    expect(left).toEqual([255, 0, 0, 255]);
    expect(right).toEqual([255, 0, 0, 255]);
    expect(middle).not.toEqual([255, 0, 0, 255]);
  });

  it('cross-fades, also from what a fade in progress shows, and never jumps', async () => {
    const colors = await keying.page.evaluate(async () => {
      const canvas = tools.canvas(320, 180);
      const { renderer } = await tools.renderer(canvas);
      const at = (nowMs: number) => {
        renderer.redraw(nowMs);
        return Array.from(tools.pixels(canvas).subarray(0, 4));
      };
      renderer.setBackground({ kind: 'color', color: '#000000' });
      const start = at(0);
      renderer.setBackground({ kind: 'color', color: '#ffffff' }, 400);
      const first = at(1000);
      const middle = at(1183);
      renderer.setBackground({ kind: 'none' }, 400);
      const interrupted = at(1190);
      const moving = renderer.isMoving;
      const end = at(2000);
      const still = renderer.isMoving;
      renderer.dispose();
      return { start, first, middle, interrupted, moving, end, still };
    });
    expect(colors.start).toEqual([0, 0, 0, 255]);
    expect(colors.first[0]).toBeGreaterThan(5);
    expect(colors.first[0]).toBeLessThan(20);
    expect(Math.abs((colors.middle[0] ?? 0) - 127)).toBeLessThanOrEqual(3);
    // Straight RGBA: the colour stays while it turns transparent.
    expect(Math.abs((colors.interrupted[0] ?? 0) - 127)).toBeLessThanOrEqual(4);
    expect(colors.interrupted[3]).toBeGreaterThan(235);
    expect(colors.moving).toBe(true);
    expect(colors.end).toEqual([0, 0, 0, 0]);
    expect(colors.still).toBe(false);
  });

  it('draws nothing of a stream before its first key, and shows one without a screen as it is', async () => {
    const seen = await keying.page.evaluate(async () => {
      const canvas = tools.canvas(320, 180);
      const { renderer, drawn, verdicts } = await tools.renderer(canvas);
      const grey = tools.plain(320, 180, 126, 128, 128);
      let isShown = false;
      void drawn().then(() => (isShown = true));
      const shown: boolean[] = [];
      for (let i = 0; i < 12; i++) {
        renderer.drawFrame(grey, 320, 180, i);
        await tools.settled();
        shown.push(isShown);
      }
      const plain = Array.from(tools.pixels(canvas).subarray(0, 4));
      const onCanvas = drawn();
      // The screen appears: the very frame that has it is keyed.
      renderer.drawFrame(tools.plain(320, 180, 173, 42, 26), 320, 180, 40);
      await onCanvas;
      const keyed = Array.from(tools.pixels(canvas).subarray(0, 4));
      renderer.dispose();
      return { shown, plain, keyed, verdicts };
    });
    expect(seen.shown).toEqual([...Array<boolean>(9).fill(false), true, true, true]);
    expect(Math.abs((seen.plain[0] ?? 0) - 128)).toBeLessThanOrEqual(2);
    expect(seen.keyed).toEqual([0, 0, 0, 0]);
    expect(seen.verdicts).toMatchObject([{ keyable: false, reason: 'screen_too_pale' }, { keyable: true }]);
  });

  it('says when it can’t work: no module, or frames that are not planes', async () => {
    const messages = await keying.page.evaluate(async () => {
      let resolveError: (error: Error) => void = () => {};
      const failed = new Promise<Error>((resolve) => (resolveError = resolve));
      new keyer.PlaneRenderer(tools.canvas(320, 180), { module: Promise.reject(new Error('refused')), onDrawn: () => {}, onUnfit: resolveError });
      const { renderer, unfit } = await tools.renderer(tools.canvas(320, 180));
      const source = tools.canvas(320, 180);
      source.getContext('2d')?.fillRect(0, 0, 10, 10);
      renderer.drawFrame(new VideoFrame(source, { timestamp: 0 }), 320, 180, 0);
      return [(await failed).message, (await unfit).message];
    });
    expect(messages[0]).toBe('refused');
    expect(messages[1]).toMatch(/^Frames are /);
  });
});
