import type { PlaneRenderer } from '@backlot/keyer/software';
import { KeyRenderer, type KeyingParameters, type Verdict } from '@backlot/keyer/webgl';
import { PlainRenderer } from './plain-renderer.js';

/** Keys the video and draws it over its background: on the GPU, or on the processor where there is none. Or draws what is composed already. */
export type Renderer = KeyRenderer | PlaneRenderer | PlainRenderer;

export interface RendererOptions {
  /** A canvas that has no context yet. */
  readonly newCanvas: () => HTMLCanvasElement;
  /** Address of the folder of `software.js` and `keyer.wasm`, which machines without a GPU load; null: there is none. */
  readonly filesUrl: URL | null;
  /** The video is composed already: it is drawn as it is. */
  readonly isComposed: boolean;
  /** How to key; what is absent has its default. */
  readonly parameters: Partial<KeyingParameters>;
  readonly onVerdict: (verdict: Verdict) => void;
  /** A frame that `drawFrame` had not drawn yet is on the canvas. */
  readonly onDrawn: () => void;
  /** What was drawn is lost: draw again. */
  readonly onRestored: () => void;
  /**
   * Here is the renderer, at once or when it is loaded, or another one because that could not go on; null: nothing can
   * draw here. It has no background yet.
   */
  readonly onReady: (renderer: Renderer | null) => void;
}

const LOAD_TIMEOUT_MS = 10_000;
/** Names of GL implementations that run on the processor. */
const SOFTWARE_GL = /swiftshader|llvmpipe|softpipe|software|basic render/i;

/** Whether WebGL would be drawn by the processor, or not at all. */
const hasNoGpu = (): boolean => {
  const gl = document.createElement('canvas').getContext('webgl2', { failIfMajorPerformanceCaveat: true });
  if (gl === null) return true;
  const names = gl.getExtension('WEBGL_debug_renderer_info');
  const name = String(gl.getParameter(names === null ? gl.RENDERER : names.UNMASKED_RENDERER_WEBGL));
  gl.getExtension('WEBGL_lose_context')?.loseContext();
  return SOFTWARE_GL.test(name);
};

const loadModule = async (url: URL): Promise<WebAssembly.Module> => {
  const response = await fetch(url, { credentials: 'omit', signal: AbortSignal.timeout(LOAD_TIMEOUT_MS) });
  if (!response.ok) throw new Error(`keyer.wasm answered ${response.status}.`);
  // Not streaming: that insists on a content type which not every proxy leaves alone.
  return WebAssembly.compile(await response.arrayBuffer());
};

const createGpuRenderer = ({ newCanvas, parameters, onVerdict, onRestored }: RendererOptions): KeyRenderer | null => {
  try {
    return new KeyRenderer(newCanvas(), { parameters, onVerdict, onRestored });
  } catch {
    return null;
  }
};

const loadPlaneRenderer = async (options: RendererOptions, filesUrl: URL): Promise<PlaneRenderer> => {
  const { newCanvas, parameters, onVerdict, onDrawn, onReady } = options;
  const code = import(/* @vite-ignore */ new URL('software.js', filesUrl).href) as Promise<{ PlaneRenderer: typeof PlaneRenderer }>;
  const [software, module] = await Promise.all([code, loadModule(new URL('keyer.wasm', filesUrl))]);
  return new software.PlaneRenderer(newCanvas(), {
    module: Promise.resolve(module),
    parameters,
    onVerdict,
    onDrawn,
    // Slow shaders beat no picture.
    onUnfit: () => onReady(createGpuRenderer(options)),
  });
};

/** Chooses the renderer that suits the machine. */
export const createRenderer = (options: RendererOptions): void => {
  const { filesUrl, isComposed, onReady, newCanvas } = options;
  if (isComposed) return onReady(PlainRenderer.create(newCanvas()));
  if (filesUrl === null || typeof VideoFrame === 'undefined' || !hasNoGpu()) return onReady(createGpuRenderer(options));
  loadPlaneRenderer(options, filesUrl).then(onReady, () => onReady(createGpuRenderer(options)));
};
