import { hasChromium, hasSharedData } from '@backlot/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type KeyerGlobal, type KeyingPage, openKeyingPage } from '../keying-page.testing.js';

interface Tools {
  /** A frame of a clip, or a cut-out over #00ff00, as the canvas that both keyers get. */
  frameOf(input: { clip?: string; seconds?: number; cutout?: string; screen?: string }): Promise<HTMLCanvasElement>;
  canvas(width: number, height: number): HTMLCanvasElement;
  /** The canvas as it was drawn in this task: premultiplied RGBA, first row on top. */
  pixels(canvas: HTMLCanvasElement): Uint8Array;
  bitmap(path: string): Promise<ImageBitmap>;
}
declare const keyer: KeyerGlobal;
declare const tools: Tools;

const PHOTO = 'backgrounds/photos/saxon-switzerland-539418_1280.jpg';
const INPUTS = [
  { clip: 'clips/dhlive-man-suit-720x1080.mp4', seconds: 3 },
  { clip: 'clips/webav-talking-man-480x512.mp4', seconds: 2 },
  { clip: 'clips/aframe-man-prop-360x640.mp4', seconds: 2 },
  { cutout: 'cutouts/p_015cd10e.png' },
  { cutout: 'cutouts/p_bd6af989.png' },
  // Hair fills the frame: the screen is hidden, and the plate uneven, where it has to be known best.
  { cutout: 'cutouts/p_d684dae3.png' },
];

describe.skipIf(!hasChromium || !hasSharedData)('KeyRenderer', () => {
  let keying: KeyingPage;

  beforeAll(async () => {
    keying = await openKeyingPage();
    await keying.page.evaluate(() => {
      const canvas = (width: number, height: number) => Object.assign(document.createElement('canvas'), { width, height });
      const bitmap = async (path: string) => createImageBitmap(await (await fetch(`/${path}`)).blob());
      const made: Tools = {
        canvas,
        bitmap,
        async frameOf({ clip, seconds = 0, cutout = '', screen = '#00ff00' }) {
          if (clip !== undefined) {
            const video = document.createElement('video');
            video.muted = true;
            video.src = `/${clip}`;
            await new Promise((resolve) => (video.onloadeddata = resolve));
            video.currentTime = seconds;
            await new Promise((resolve) => (video.onseeked = resolve));
            const frame = canvas(video.videoWidth, video.videoHeight);
            const context = frame.getContext('2d');
            // Chromium may report the end of a seek before it has the picture.
            while (context !== null && context.getImageData(2, 2, 1, 1).data[1] === 0) {
              await new Promise((resolve) => requestAnimationFrame(resolve));
              context.drawImage(video, 0, 0);
            }
            return frame;
          }
          const person = await bitmap(cutout);
          const frame = canvas(1280, 720);
          const context = frame.getContext('2d');
          const scale = Math.min(1216 / person.width, 720 / person.height);
          if (context === null) throw new Error('no 2D context');
          context.fillStyle = screen;
          context.fillRect(0, 0, 1280, 720);
          context.drawImage(person, 640 - (person.width * scale) / 2, 720 - person.height * scale, person.width * scale, person.height * scale);
          return frame;
        },
        pixels(drawn) {
          const gl = drawn.getContext('webgl2');
          const { width, height } = drawn;
          const raw = new Uint8Array(4 * width * height);
          gl?.bindFramebuffer(gl.FRAMEBUFFER, null);
          gl?.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, raw);
          const upright = new Uint8Array(raw.length);
          for (let y = 0; y < height; y++) upright.set(raw.subarray(4 * width * (height - 1 - y), 4 * width * (height - y)), 4 * width * y);
          return upright;
        },
      };
      Object.assign(window, { tools: made });
    });
  });
  afterAll(() => keying[Symbol.asyncDispose]());

  it.each(INPUTS)('draws what the scalar reference computes: %o', async (input) => {
    const measured = await keying.page.evaluate(async (given) => {
      const frame = await tools.frameOf(given);
      const { width, height } = frame;
      const canvas = tools.canvas(width, height);
      const renderer = new keyer.KeyRenderer(canvas);
      renderer.drawFrame(frame, width, height, 0);
      const drawn = tools.pixels(canvas);
      const parameters = keyer.resolveParameters();
      const planes = keyer.planesOfRgba(
        frame.getContext('2d')?.getImageData(0, 0, width, height).data ?? new Uint8ClampedArray(),
        width,
        height,
        parameters.siting,
      );
      const { screen } = renderer;
      if (screen === null) throw new Error('nothing was measured');
      const step = Math.max(1, Math.max(planes.chroma.width, planes.chroma.height) / 160);
      const sites = keyer.sampleScreen(
        screen,
        planes.chroma.width,
        planes.chroma.height,
        Math.round(planes.chroma.width / step) / 4,
        Math.round(planes.chroma.height / step) / 4,
      );
      const reference = keyer.computeReferenceMatte(planes, sites, parameters);
      const expected = keyer.computeReferenceRgba(planes, reference, parameters);
      let far = 0;
      let sum = 0;
      let alpha = 0;
      for (let i = 0; i < width * height; i++) {
        let most = 0;
        for (let k = 0; k < 4; k++) most = Math.max(most, Math.abs((drawn[4 * i + k] ?? 0) - (expected[4 * i + k] ?? 0)));
        if (most > 2.5) far++;
        sum += most;
        alpha = Math.max(alpha, Math.abs((drawn[4 * i + 3] ?? 0) - (expected[4 * i + 3] ?? 0)));
      }
      renderer.dispose();
      return { far: far / (width * height), mean: sum / (width * height), alpha };
    }, input);
    // The matte everywhere; colour but for hard colour edges inside the person, where tiles without any screen are copied
    // with the frame's own chroma and the reference smooths it.
    expect(measured.alpha).toBeLessThan(2);
    expect(measured.mean).toBeLessThan(0.6);
    expect(measured.far).toBeLessThan(0.03);
  });

  it.each(INPUTS)('leaves no green, keeps the person, shows the background: %o', async (input) => {
    const measured = await keying.page.evaluate(
      async ({ given, photo }) => {
        const frame = await tools.frameOf(given);
        const { width, height } = frame;
        const canvas = tools.canvas(width, height);
        const renderer = new keyer.KeyRenderer(canvas);
        // A background without any green of its own.
        renderer.setBackground({ kind: 'color', color: '#c8b8d0' });
        renderer.drawFrame(frame, width, height, 0);
        const drawn = tools.pixels(canvas);
        const before = frame.getContext('2d')?.getImageData(0, 0, width, height).data ?? new Uint8ClampedArray();
        let green = 0;
        let screen = 0;
        let background = 0;
        let person = 0;
        let kept = 0;
        for (let i = 0; i < drawn.length; i += 4) {
          const [r = 0, g = 0, b = 0] = drawn.subarray(i, i + 3);
          if (g - Math.max(r, b) > 15) green++;
          const excess = (before[i + 1] ?? 0) - Math.max(before[i] ?? 0, before[i + 2] ?? 0);
          if (excess > 190) {
            screen++;
            if (Math.abs(r - 0xc8) + Math.abs(g - 0xb8) + Math.abs(b - 0xd0) <= 3) background++;
          }
          // Red-dominant: skin, whatever else there is.
          if ((before[i] ?? 0) > (before[i + 1] ?? 0) + 20) {
            person++;
            if (Math.abs(r - (before[i] ?? 0)) + Math.abs(g - (before[i + 1] ?? 0)) + Math.abs(b - (before[i + 2] ?? 0)) < 24) kept++;
          }
        }
        renderer.setBackground({ kind: 'image', image: await tools.bitmap(photo), fit: 'cover' });
        renderer.drawFrame(frame, width, height, 0);
        renderer.dispose();
        return { green: green / (width * height), background: background / screen, kept: kept / Math.max(1, person), person };
      },
      { given: input, photo: PHOTO },
    );
    expect(measured.green).toBeLessThan(0.005);
    // The rest is the soft edge, which is nearly as green.
    expect(measured.background).toBeGreaterThan(0.97);
    expect(measured.kept).toBeGreaterThan(0.9);
  });

  it('stands a portrait bottom-centre on a wide canvas, the background around it', async () => {
    const { left, right, middle } = await keying.page.evaluate(async () => {
      const frame = await tools.frameOf({ clip: 'clips/dhlive-man-suit-720x1080.mp4', seconds: 3 });
      const canvas = tools.canvas(1280, 720);
      const renderer = new keyer.KeyRenderer(canvas);
      renderer.setBackground({ kind: 'color', color: '#ff0000' });
      renderer.drawFrame(frame, frame.width, frame.height, 0);
      const drawn = tools.pixels(canvas);
      const at = (x: number, y: number) => Array.from(drawn.subarray(4 * (y * 1280 + x), 4 * (y * 1280 + x) + 4));
      renderer.dispose();
      return { left: at(100, 600), right: at(1180, 600), middle: at(640, 715) };
    });
    expect(left).toEqual([255, 0, 0, 255]);
    expect(right).toEqual([255, 0, 0, 255]);
    expect(middle).not.toEqual([255, 0, 0, 255]);
  });

  it('cross-fades, also from what a fade in progress shows, and never jumps', async () => {
    const colors = await keying.page.evaluate(() => {
      const canvas = tools.canvas(320, 180);
      const renderer = new keyer.KeyRenderer(canvas);
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
    expect(Math.abs((colors.middle[0] ?? 0) - 127)).toBeLessThanOrEqual(2);
    expect(Math.abs((colors.interrupted[0] ?? 0) - 122)).toBeLessThanOrEqual(4);
    expect(colors.moving).toBe(true);
    expect(colors.end).toEqual([0, 0, 0, 0]);
    expect(colors.still).toBe(false);
  });

  it('covers the canvas with an image of another shape', async () => {
    const corners = await keying.page.evaluate(async () => {
      const image = tools.canvas(200, 200);
      const context = image.getContext('2d');
      if (context === null) throw new Error('no 2D context');
      for (const [y, color] of [
        [0, '#ff0000'],
        [50, '#0000ff'],
        [150, '#ff0000'],
      ] as const) {
        context.fillStyle = color;
        context.fillRect(0, y, 200, 200);
      }
      const canvas = tools.canvas(400, 180);
      const renderer = new keyer.KeyRenderer(canvas);
      renderer.setBackground({ kind: 'image', image: await createImageBitmap(image), fit: 'cover' });
      renderer.redraw(0);
      const cover = Array.from(tools.pixels(canvas).subarray(0, 4));
      renderer.setBackground({ kind: 'image', image: await createImageBitmap(image), fit: 'contain' });
      renderer.redraw(0);
      const contain = Array.from(tools.pixels(canvas).subarray(0, 4));
      renderer.dispose();
      return { cover, contain };
    });
    expect(corners.cover).toEqual([0, 0, 255, 255]);
    expect(corners.contain).toEqual([0, 0, 0, 0]);
  });

  it('draws nothing of a stream before its first key, and shows one without a screen as it is', async () => {
    const seen = await keying.page.evaluate(() => {
      const canvas = tools.canvas(320, 180);
      const verdicts: unknown[] = [];
      const renderer = new keyer.KeyRenderer(canvas, { onVerdict: (verdict) => verdicts.push(verdict) });
      const frame = tools.canvas(320, 180);
      const context = frame.getContext('2d');
      if (context === null) throw new Error('no 2D context');
      context.fillStyle = '#777777';
      context.fillRect(0, 0, 320, 180);
      const drawn: boolean[] = [];
      for (let i = 0; i < 12; i++) drawn.push(renderer.drawFrame(frame, 320, 180, i));
      const plain = Array.from(tools.pixels(canvas).subarray(0, 4));
      // The screen appears: the very frame that has it is keyed.
      context.fillStyle = '#00ff00';
      context.fillRect(0, 0, 320, 180);
      renderer.drawFrame(frame, 320, 180, 20);
      const keyed = Array.from(tools.pixels(canvas).subarray(0, 4));
      renderer.dispose();
      return { drawn, plain, keyed, verdicts };
    });
    expect(seen.drawn).toEqual([...Array<boolean>(9).fill(false), true, true, true]);
    expect(seen.plain).toEqual([0x77, 0x77, 0x77, 255]);
    expect(seen.keyed).toEqual([0, 0, 0, 0]);
    expect(seen.verdicts).toEqual([
      { keyable: false, reason: 'screen_too_pale', key: null, confidence: 1 },
      { keyable: true, reason: null, key: '#00ff00', confidence: 1 },
    ]);
  });

  it('comes back after the loss of its context, with its background', async () => {
    const colors = await keying.page.evaluate(async () => {
      const frame = await tools.frameOf({ cutout: 'cutouts/p_bd6af989.png' });
      const canvas = tools.canvas(1280, 720);
      let restored = () => {};
      const back = new Promise<void>((resolve) => (restored = resolve));
      const renderer = new keyer.KeyRenderer(canvas, { onRestored: () => restored() });
      renderer.setBackground({ kind: 'image', image: await tools.bitmap('backgrounds/photos/saxon-switzerland-539418_1280.jpg'), fit: 'cover' });
      renderer.drawFrame(frame, 1280, 720, 0);
      const before = tools.pixels(canvas);
      const extension = canvas.getContext('webgl2')?.getExtension('WEBGL_lose_context');
      const lost = new Promise((resolve) => canvas.addEventListener('webglcontextlost', resolve));
      extension?.loseContext();
      await lost;
      // A context can be restored only once the loss has been dispatched.
      await new Promise((resolve) => setTimeout(resolve));
      const meanwhile = renderer.drawFrame(frame, 1280, 720, 1);
      extension?.restoreContext();
      await back;
      const again = renderer.drawFrame(frame, 1280, 720, 2);
      const after = tools.pixels(canvas);
      let different = 0;
      for (let i = 0; i < before.length; i++) if (Math.abs((before[i] ?? 0) - (after[i] ?? 0)) > 1) different++;
      renderer.dispose();
      return { meanwhile, again, different };
    });
    expect(colors).toEqual({ meanwhile: false, again: true, different: 0 });
  });

  it('frees what it made, and makes nothing per frame', async () => {
    const counts = await keying.page.evaluate(async () => {
      const canvas = tools.canvas(640, 360);
      const gl = canvas.getContext('webgl2');
      if (gl === null) throw new Error('no WebGL 2');
      const alive = new Map<string, number>();
      let made = 0;
      for (const kind of ['Texture', 'Framebuffer', 'Buffer', 'Program'] as const) {
        const [create, remove] = [`create${kind}`, `delete${kind}`] as const;
        const [creates, removes] = [gl[create].bind(gl), gl[remove].bind(gl)] as [() => object, (thing: object) => void];
        Object.assign(gl, {
          [create]: () => {
            made++;
            alive.set(kind, (alive.get(kind) ?? 0) + 1);
            return creates();
          },
          [remove]: (thing: object) => {
            alive.set(kind, (alive.get(kind) ?? 0) - 1);
            removes(thing);
          },
        });
      }
      const renderer = new keyer.KeyRenderer(canvas);
      const frame = tools.canvas(640, 360);
      const context = frame.getContext('2d');
      if (context === null) throw new Error('no 2D context');
      context.fillStyle = '#00ff00';
      context.fillRect(0, 0, 640, 360);
      renderer.drawFrame(frame, 640, 360, 0);
      const first = made;
      for (let i = 1; i < 60; i++) renderer.drawFrame(frame, 640, 360, i);
      const perFrame = made - first;
      const image = tools.canvas(64, 36);
      image.getContext('2d')?.fillRect(0, 0, 64, 36);
      const bitmaps: ImageBitmap[] = [];
      for (let i = 0; i < 100; i++) {
        const bitmap = await createImageBitmap(image);
        bitmaps.push(bitmap);
        renderer.setBackground({ kind: 'image', image: bitmap, fit: 'cover' }, 20);
        renderer.redraw(1000 * i);
        renderer.redraw(1000 * i + 500);
      }
      const textures = alive.get('Texture') ?? 0;
      renderer.setBackground({ kind: 'none' });
      renderer.redraw(1e6);
      const afterSwaps = textures - (alive.get('Texture') ?? 0);
      renderer.dispose();
      return { perFrame, afterSwaps, alive: Object.fromEntries(alive), open: bitmaps.filter((bitmap) => bitmap.width > 0).length };
    });
    expect(counts).toEqual({ perFrame: 0, afterSwaps: 0, alive: { Texture: 0, Framebuffer: 0, Buffer: 0, Program: 0 }, open: 0 });
  });
});
