import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

export default defineConfig({
  root: path('.'),
  base: '/console/',
  plugins: [react(), tailwindcss()],
  resolve: {
    alias: [
      { find: /^@backlot\/client$/, replacement: path('../client/src/index.ts') },
      { find: /^@backlot\/contract$/, replacement: path('../contract/src/index.ts') },
      { find: /^@backlot\/keyer\/framing$/, replacement: path('../keyer/src/framing.ts') },
    ],
  },
  build: {
    target: 'es2022',
    outDir: path('dist/app'),
    emptyOutDir: true,
    // The polyfill would be the only inline thing on the page.
    modulePreload: { polyfill: false },
    rolldownOptions: {
      // Of the contract only the table of error codes is used at run time: its schemas, and zod with them, stay out.
      treeshake: { moduleSideEffects: (id) => !/[\\/]packages[\\/]contract[\\/]/.test(id) },
    },
  },
});
