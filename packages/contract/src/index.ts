export * from './background-images.js';
export * from './common.js';
export * from './conversations.js';
export * from './errors.js';
export * from './identity.js';
export * from './sessions.js';
export * from './simulator.js';
export * from './webhooks.js';
