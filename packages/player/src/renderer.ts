import { PlaneRenderer } from '@backlot/keyer/software';
import { KeyRenderer, type Verdict } from '@backlot/keyer/webgl';

/** Keys the video and draws it over its background: on the GPU, or on the processor where there is none. */
export type Renderer = KeyRenderer | PlaneRenderer;

export interface RendererOptions {
  /** A canvas that has no context yet. */
  readonly newCanvas: () => HTMLCanvasElement;
  /** Address of `keyer.wasm`. */
  readonly wasmUrl: URL;
  readonly onVerdict: (verdict: Verdict) => void;
  /** A frame that `drawFrame` had not drawn yet is on the canvas. */
  readonly onDrawn: () => void;
  /** What was drawn is lost: draw again. */
  readonly onRestored: () => void;
  /** The renderer could not go on; this one takes its place (null: nothing can draw here). It has no background yet. */
  readonly onReplaced: (renderer: Renderer | null) => void;
}

const WASM_TIMEOUT_MS = 10_000;
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
  const response = await fetch(url, { credentials: 'omit', signal: AbortSignal.timeout(WASM_TIMEOUT_MS) });
  if (!response.ok) throw new Error(`keyer.wasm answered ${response.status}.`);
  // Not streaming: that insists on a content type which not every proxy leaves alone.
  return WebAssembly.compile(await response.arrayBuffer());
};

const createGpuRenderer = ({ newCanvas, onVerdict, onRestored }: RendererOptions): KeyRenderer | null => {
  try {
    return new KeyRenderer(newCanvas(), { onVerdict, onRestored });
  } catch {
    return null;
  }
};

/** Chooses the renderer that suits the machine. Null: nothing can draw here. */
export const createRenderer = (options: RendererOptions): Renderer | null => {
  if (!hasNoGpu() || typeof VideoFrame === 'undefined') return createGpuRenderer(options);
  const { newCanvas, wasmUrl, onVerdict, onDrawn, onReplaced } = options;
  return new PlaneRenderer(newCanvas(), {
    module: loadModule(wasmUrl),
    onVerdict,
    onDrawn,
    // Slow shaders beat no picture.
    onUnfit: () => onReplaced(createGpuRenderer(options)),
  });
};
