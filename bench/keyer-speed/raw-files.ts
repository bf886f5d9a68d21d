import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Frame } from '../keyer-quality/planes.js';
import { inTurn, type Footage } from './frames.js';

/** Footage and its background as raw I420 for programs that read files, in memory where the system has a file system for that. */
export interface RawFiles extends Disposable {
  readonly footage: Footage;
  readonly behind: Frame;
  /** `frames` frames: the footage again and again, and the background each time. */
  readonly frameCount: number;
  readonly frontPath: string;
  readonly behindPath: string;
}

const isThere = (path: string): boolean => statSync(path, { throwIfNoEntry: false }) !== undefined;

/** Writes them. Disposing removes them. */
export const writeRawFiles = (footage: Footage, behind: Frame, frameCount: number): RawFiles => {
  const folder = mkdtempSync(join(isThere('/dev/shm') ? '/dev/shm' : tmpdir(), 'keyer-speed-'));
  const frontPath = join(folder, 'front');
  const behindPath = join(folder, 'behind');
  for (let i = 0; i < frameCount; i++) {
    writeFileSync(frontPath, inTurn(footage.frames, i).bytes, { flag: 'a' });
    writeFileSync(behindPath, behind.bytes, { flag: 'a' });
  }
  return { footage, behind, frameCount, frontPath, behindPath, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
};
