export * from './backlot.js';
export * from './chromium.js';
export * from './shared-data.js';
