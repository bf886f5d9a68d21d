// Fails when the player's bundle is larger than it may be.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const MAX_BYTES = 20 * 1024;
const bytes = gzipSync(readFileSync(new URL('../bundle/page/backlot-player.js', import.meta.url)), { level: 9 }).length;
process.stdout.write(`player bundle: ${bytes} of ${MAX_BYTES} bytes (gzip)\n`);
if (bytes > MAX_BYTES) process.exit(1);
