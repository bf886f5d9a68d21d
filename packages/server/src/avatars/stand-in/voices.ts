import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const TIMEOUT_MS = 5000;
const run = promisify(execFile);

/**
 * The languages that espeak-ng speaks, such as `en-us`: the second column of `espeak-ng --voices`. A name that the
 * API's `voice_id` can't carry is left out.
 */
export const listVoices = async (espeakPath: string): Promise<readonly string[]> => {
  const { stdout } = await run(espeakPath, ['--voices'], { env: {}, timeout: TIMEOUT_MS, killSignal: 'SIGKILL', maxBuffer: 1 << 20 });
  const voices = stdout.split('\n').slice(1).flatMap((line) => /^\s*\d+\s+([A-Za-z0-9+-]{2,40})\s/.exec(line)?.[1] ?? []);
  return [...new Set(voices)].toSorted();
};
