import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** Compiles `keyer.wasm`. */
export const loadKeyer = async (): Promise<WebAssembly.Module> =>
  WebAssembly.compile(await readFile(fileURLToPath(import.meta.resolve('@backlot/keyer/keyer.wasm'))));
