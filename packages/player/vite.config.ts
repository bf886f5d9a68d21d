import { fileURLToPath } from 'node:url';
import { defineConfig, type LibraryOptions, type Plugin } from 'vite';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

/** The script of a page, and by `--mode` the modules that it loads: where there is no GPU, and for LiveKit. */
const PAGE: LibraryOptions = { entry: path('src/bundle.ts'), formats: ['iife'], name: 'backlotPlayer', fileName: () => 'backlot-player.js' };
const PARTS: Readonly<Record<string, LibraryOptions>> = {
  software: { entry: path('src/software.ts'), formats: ['es'], fileName: () => 'software.js' },
  livekit: { entry: path('src/livekit/bundle.ts'), formats: ['es'], fileName: () => 'livekit.js' },
};

/** Takes comments and needless spaces out of the shaders. */
const compactShaders: Plugin = {
  name: 'compact-shaders',
  transform(code, id) {
    if (!id.endsWith('/webgl/shaders.ts')) return null;
    return code.replace(/`[^`]*`/g, (shader) =>
      shader
        .replace(/^\s*\/\/.*\n|[ \t]*\/\/.*$|^[ \t]+/gm, '')
        .replace(/[ \t]*([=*/,;(){}<>?:|&])[ \t]*/g, '$1')
        // Two of them in a row would be another operator.
        .replace(/(?<![+-])[ \t]+([+-])[ \t]+(?![+-])/g, '$1'),
    );
  },
};

/** Leaves the refusals of bad arguments out of the page's script. */
const uncheck: Plugin = {
  name: 'uncheck',
  enforce: 'pre',
  resolveId: (id, importer) =>
    (id === './checks.js' || id === '../checks.js') && importer?.includes('/keyer/src/') === true ? path('src/unchecked.ts') : null,
};

export default defineConfig(({ mode }) => {
  const part = PARTS[mode];
  return {
    root: path('.'),
    plugins: part === undefined ? [uncheck, compactShaders] : [compactShaders],
    publicDir: part === undefined ? path('public') : false,
    resolve: { alias: [{ find: /^@backlot\/keyer\/(webgl|software)$/, replacement: path('../keyer/src/$1/index.ts') }] },
    build: {
      target: 'es2022',
      outDir: path(part === undefined ? 'bundle/page' : `bundle/${mode}`),
      emptyOutDir: true,
      lib: part ?? PAGE,
    },
  };
});
