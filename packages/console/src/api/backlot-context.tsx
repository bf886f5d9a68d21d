import type { BacklotClient } from '@backlot/client';
import { createContext, use } from 'react';

const BacklotContext = createContext<BacklotClient | null>(null);

/** Gives the client to everything below it. */
export const BacklotProvider = BacklotContext;

/** The client of this console. */
export const useBacklot = (): BacklotClient => {
  const backlot = use(BacklotContext);
  if (backlot === null) throw new TypeError('useBacklot needs a BacklotProvider above it.');
  return backlot;
};
