export type { Verdict } from '../screen-model.js';
export type { KeyingParameters } from '../parameters.js';
export type { Background } from '../background.js';
export { Backdrop } from './backdrop.js';
export { DEFAULT_FRAMING, type Fit, fitRectangle, frameAvatar, type Framing, type Rectangle } from '../framing.js';
export { KeyRenderer, type KeyRendererOptions } from './key-renderer.js';
