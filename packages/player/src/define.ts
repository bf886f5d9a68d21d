import { BacklotPlayer } from './backlot-player.js';

/** Registers `<backlot-player>`. Does nothing when it is registered already, by this or another copy. */
export const defineBacklotPlayer = (): void => {
  if (customElements.get('backlot-player') === undefined) customElements.define('backlot-player', BacklotPlayer);
};
