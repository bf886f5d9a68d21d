export { createEmbeddedAccess, type EmbeddedAccessOptions } from './access.js';
export { DEFAULT_LIMITS, type StageLimits } from './limits.js';
export { registerWebrtcRoutes, type WebrtcRouteOptions } from './routes.js';
export { createEmbeddedStage, EmbeddedStage, type EmbeddedStageOptions } from './stage.js';
