// Fails when an exported symbol has no docblock, by the emitted declarations: packages' entries and the server's ports.
import { existsSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';
import { root } from './setup.mjs';

const serverDist = join(root, 'packages/server/dist');
const ports = readdirSync(serverDist, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('port.d.ts'));
const entries = [
  ...[
    'contract/dist/index',
    'keyer/dist/index',
    'keyer/dist/wasm/index',
    'keyer/dist/webgl/index',
    'player/dist/index',
    'player/dist/livekit/index',
    'player/dist/react/index',
    'client/dist/index',
  ].map((path) => join(root, `packages/${path}.d.ts`)),
  ...ports.map((path) => join(serverDist, path)),
];

const program = ts.createProgram(entries, {
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  skipLibCheck: true,
  noEmit: true,
});
const checker = program.getTypeChecker();
let symbols = 0;
/** @type {Set<string>} */
const gaps = new Set();

for (const entry of entries) {
  const file = program.getSourceFile(entry);
  if (!existsSync(entry) || file === undefined) throw new Error(`${entry} is not built.`);
  const module = checker.getSymbolAtLocation(file);
  if (module === undefined) throw new Error(`${entry} exports nothing.`);
  for (const exported of checker.getExportsOfModule(module)) {
    const symbol = (exported.flags & ts.SymbolFlags.Alias) === 0 ? exported : checker.getAliasedSymbol(exported);
    const declaration = symbol.declarations?.[0];
    // What comes from a library is documented there.
    if (declaration === undefined || declaration.getSourceFile().fileName.includes('/node_modules/')) continue;
    // A type that is inferred from a schema is that schema's, under its name.
    if (ts.isTypeAliasDeclaration(declaration) && /^z\.(infer|input|output)</.test(declaration.type.getText())) continue;
    symbols += 1;
    if (symbol.getDocumentationComment(checker).length > 0) continue;
    const { fileName } = declaration.getSourceFile();
    gaps.add(
      `${relative(root, fileName)
        .replace('/dist/', '/src/')
        .replace(/\.d\.ts$/, '.ts')}: ${exported.name}`,
    );
  }
}

for (const gap of [...gaps].sort()) process.stderr.write(`${gap} has no docblock.\n`);
process.stdout.write(`${symbols - gaps.size} of ${symbols} exported symbols have a docblock.\n`);
if (gaps.size > 0) process.exitCode = 1;
