/** What machines without a GPU load besides `backlot-player.js`. */
export { PlaneRenderer } from '@backlot/keyer/software';
