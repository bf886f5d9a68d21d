import { fileURLToPath } from 'node:url';
import { defineConfig, type LibraryOptions } from 'vite';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

/** The script of a page, and by `--mode software` the module that it loads where there is no GPU. */
const PLAYER: LibraryOptions = { entry: path('src/bundle.ts'), formats: ['iife'], name: 'backlotPlayer', fileName: () => 'backlot-player.js' };
const SOFTWARE: LibraryOptions = { entry: path('src/software.ts'), formats: ['es'], fileName: () => 'software.js' };

export default defineConfig(({ mode }) => {
  const isSoftware = mode === 'software';
  return {
    root: path('.'),
    publicDir: isSoftware ? false : path('public'),
    resolve: { alias: [{ find: /^@backlot\/keyer\/(webgl|software)$/, replacement: path('../keyer/src/$1/index.ts') }] },
    build: {
      target: 'es2022',
      outDir: path(isSoftware ? 'bundle/software' : 'bundle/page'),
      emptyOutDir: true,
      lib: isSoftware ? SOFTWARE : PLAYER,
    },
  };
});
