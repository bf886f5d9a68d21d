import { PlaneRenderer } from '@backlot/keyer/software';
import { KeyRenderer } from '@backlot/keyer/webgl';
import GLChromaKey from 'gl-chromakey';

/** What the page is told. */
export interface Task {
  /** Of the video, and of the canvases. */
  readonly width: number;
  readonly height: number;
  readonly warmUp: number;
  /** Frames that are timed with each renderer. */
  readonly count: number;
}

/** Milliseconds of each timed frame, by renderer, and who draws for WebGL. */
export interface PageTimes {
  readonly gpu: string;
  readonly samples: Readonly<Record<RendererName, readonly number[]>>;
}

/** Who draws. */
export type RendererName = 'KeyRenderer' | 'PlaneRenderer' | 'gl-chromakey';

const NAMES: readonly RendererName[] = ['KeyRenderer', 'PlaneRenderer', 'gl-chromakey'];

/** The next frame that the video shows. */
const nextFrame = (video: HTMLVideoElement): Promise<unknown> => new Promise((resolve) => video.requestVideoFrameCallback(resolve));

/** Waits until all that was drawn is done, by reading a pixel: `gl.finish` doesn't wait in browsers. */
const finish = (canvas: HTMLCanvasElement): void => {
  const gl = canvas.getContext('webgl2');
  gl?.bindFramebuffer(gl.FRAMEBUFFER, null);
  gl?.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
};

/** Draws a video that plays, its frames by each renderer in turns, so that all work under the same conditions, and times each from the frame to the finished picture. */
export const timeRenderers = async ({ width, height, warmUp, count }: Task): Promise<PageTimes> => {
  const video = Object.assign(document.createElement('video'), { muted: true, loop: true, src: '/video' });
  await video.play();
  const newCanvas = () => Object.assign(document.createElement('canvas'), { width, height });
  const behind = await createImageBitmap(await (await fetch('/behind')).blob());
  const background = async () => ({ kind: 'image', image: await createImageBitmap(behind), fit: 'cover' }) as const;

  const keyCanvas = newCanvas();
  const keyRenderer = new KeyRenderer(keyCanvas, {});
  keyRenderer.setBackground(await background());

  const planeCanvas = newCanvas();
  let [resolveDrawn, rejectDrawn] = [(): void => undefined, (_error: Error): void => undefined];
  const planeRenderer = new PlaneRenderer(planeCanvas, {
    module: fetch('/keyer.wasm').then(async (response) => WebAssembly.compile(await response.arrayBuffer())),
    onDrawn: () => resolveDrawn(),
    onUnfit: (error) => rejectDrawn(error),
  });
  planeRenderer.setBackground(await background());

  const theirCanvas = newCanvas();
  const theirs = new GLChromaKey(video, theirCanvas).key([0, 255, 0]);

  const draw: Readonly<Record<RendererName, () => Promise<void> | void>> = {
    KeyRenderer() {
      keyRenderer.drawFrame(video, width, height, performance.now());
      finish(keyCanvas);
    },
    async PlaneRenderer() {
      const drawn = new Promise<void>((resolve, reject) => ([resolveDrawn, rejectDrawn] = [resolve, reject]));
      planeRenderer.drawFrame(video, width, height, performance.now());
      await drawn;
      planeCanvas.getContext('2d')?.getImageData(0, 0, 1, 1);
    },
    'gl-chromakey'() {
      theirs.render();
      finish(theirCanvas);
    },
  };
  const samples: Record<RendererName, number[]> = { KeyRenderer: [], PlaneRenderer: [], 'gl-chromakey': [] };
  for (let round = 0; round < warmUp + count; round++) {
    for (const name of NAMES) {
      await nextFrame(video);
      const startedAtMs = performance.now();
      await draw[name]();
      if (round >= warmUp) samples[name].push(performance.now() - startedAtMs);
    }
  }
  const gl = keyCanvas.getContext('webgl2');
  const gpu = String(gl?.getParameter(gl.getExtension('WEBGL_debug_renderer_info')?.UNMASKED_RENDERER_WEBGL ?? gl.RENDERER));
  keyRenderer.dispose();
  planeRenderer.dispose();
  video.pause();
  return { gpu, samples };
};
