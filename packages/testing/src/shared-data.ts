import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const folder = process.env['BACKLOT_SHARED_DATA'] ?? join(dirname(root.replace(/\/$/, '')), 'shared', 'data');

/** Whether the shared test data (clips, photos, cut-outs) is beside the clone. Its absence is an error under `CI=true`. */
export const hasSharedData: boolean = existsSync(folder);
if (!hasSharedData) {
  const message = `The shared test data is missing: no folder ${folder} (set BACKLOT_SHARED_DATA).`;
  if (process.env['CI'] === 'true') throw new Error(message);
  process.stderr.write(`SKIPPED: ${message}\n`);
}

/** Absolute path of a file of the shared data, such as `clips/dhlive-man-suit-720x1080.mp4`. */
export const sharedData = (path: string): string => join(folder, path);
