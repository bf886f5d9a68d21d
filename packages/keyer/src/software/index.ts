export { PlaneRenderer, type PlaneRendererOptions } from './plane-renderer.js';
