import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

export default defineConfig({
  root: path('.'),
  publicDir: path('public'),
  resolve: { alias: [{ find: /^@backlot\/keyer\/(webgl|software)$/, replacement: path('../keyer/src/$1/index.ts') }] },
  build: {
    target: 'es2022',
    outDir: path('bundle'),
    emptyOutDir: true,
    lib: { entry: path('src/bundle.ts'), formats: ['iife'], name: 'backlotPlayer', fileName: () => 'backlot-player.js' },
  },
});
