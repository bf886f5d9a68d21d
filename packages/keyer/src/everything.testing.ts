export * from '../index.js';
export * from './index.js';
