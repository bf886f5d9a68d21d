export type { Verdict } from '../screen-model.js';
export type { KeyingParameters } from '../parameters.js';
export type { Background } from '../background.js';
export { Backdrop } from './backdrop.js';
export { type Fit, fitRectangle, frameAvatar, type Rectangle } from '../framing.js';
export { KeyRenderer, type KeyRendererOptions } from './key-renderer.js';
