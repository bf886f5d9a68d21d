/** Identity of the avatar that Backlot publishes, or invites. */
export const AVATAR_IDENTITY = 'backlot-avatar';
/** Identity of the compositor, which publishes the picture of a session that is rendered on the server. */
export const COMPOSITOR_IDENTITY = 'backlot-compositor';
/** Name that compositors register with at LiveKit, for explicit dispatch. */
export const COMPOSITOR_AGENT = 'backlot-compositor';
