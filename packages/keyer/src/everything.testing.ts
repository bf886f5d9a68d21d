export * from './index.js';
export * from './software/index.js';
export * from './webgl/index.js';
