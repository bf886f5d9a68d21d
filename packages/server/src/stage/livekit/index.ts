export { createLivekitAccess, type LivekitAccessOptions } from './access.js';
export { AVATAR_IDENTITY, COMPOSITOR_AGENT, COMPOSITOR_IDENTITY } from './identities.js';
export { LivekitStage, type LivekitStageOptions } from './stage.js';
