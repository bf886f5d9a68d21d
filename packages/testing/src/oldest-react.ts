import { createRequire } from 'node:module';
import { dirname } from 'node:path';

const require = createRequire(import.meta.url);

/** Folders of the oldest React that the player's hook and component take, by package: tests build pages with it. */
export const OLDEST_REACT = {
  react: dirname(require.resolve('react/package.json')),
  'react-dom': dirname(require.resolve('react-dom/package.json')),
} as const;
