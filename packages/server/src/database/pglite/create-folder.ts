// A process of its own that makes a database folder and ends: making one takes 0.8 GB, which WebAssembly would keep.
import { PGlite } from '@electric-sql/pglite';

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new TypeError('Usage: create-folder.js FOLDER');
const engine = await PGlite.create({ dataDir: folder });
await engine.close();
