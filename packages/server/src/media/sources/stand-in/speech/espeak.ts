import { spawn } from 'node:child_process';
import { toError } from '../../../../errors.js';

const LOOKUP_TIMEOUT_MS = 5000;
const SYNTHESIS_TIMEOUT_MS = 10_000;
/** A sentence of 300 characters is some 20 s: 1 MB. */
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/** Audio as espeak-ng made it: 16 bit, mono. */
export interface Spoken {
  readonly samples: Int16Array;
  readonly rateHz: number;
  /** Transcription in the International Phonetic Alphabet, `_` between sounds, a line per clause. */
  readonly ipa: string;
}

/** The espeak-ng on the PATH, as something to run; null when there is none that answers. */
export const findEspeak = async (signal?: AbortSignal): Promise<string | null> => {
  try {
    const version = await run('espeak-ng', ['--version'], '', LOOKUP_TIMEOUT_MS, signal);
    return version.includes('eSpeak') ? 'espeak-ng' : null;
  } catch {
    return null;
  }
};

/** Voices that sound well enough to be offered, in this order. */
const OFFERED = [
  'en-us',
  'en-gb',
  'en-gb-x-rp',
  'en-gb-scotland',
  'de',
  'fr-fr',
  'es',
  'es-419',
  'it',
  'pt-br',
  'pt',
  'nl',
  'pl',
  'sv',
  'tr',
  'ru',
  'uk',
  'hi',
  'id',
  'vi',
  'ko',
  'ja',
  'cmn',
];

/** Ids of the voices to offer, of those that espeak-ng has; empty without espeak-ng (`espeakPath` null). */
export const listVoices = async (espeakPath: string | null, signal?: AbortSignal): Promise<string[]> => {
  if (espeakPath === null) return [];
  const table = (await run(espeakPath, ['--voices'], '', LOOKUP_TIMEOUT_MS, signal)).toString('utf8');
  // Columns: priority, language, age/gender, name, file, …
  const languages = new Set(
    table
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/)[1]),
  );
  return OFFERED.filter((voice) => languages.has(voice));
};

/** Speaks one sentence with a voice of {@link listVoices}. Rejects when espeak-ng fails or takes longer than 10 s. */
export const synthesize = async (espeakPath: string, voiceId: string, text: string, signal: AbortSignal): Promise<Spoken> => {
  // Text goes in by standard input, so that no text can be taken for an option.
  const common = ['-b', '1', '-v', voiceId, '-s', '160', '--stdin'];
  const [wave, ipa] = await Promise.all([
    run(espeakPath, [...common, '--stdout'], text, SYNTHESIS_TIMEOUT_MS, signal),
    run(espeakPath, [...common, '-q', '--ipa', '--sep=_'], text, SYNTHESIS_TIMEOUT_MS, signal),
  ]);
  return { ...parseWave(wave), ipa: ipa.toString('utf8') };
};

/** Reads 16-bit mono PCM. The sizes in a streamed header are placeholders, so the data ends where the output does. */
const parseWave = (wave: Buffer): { samples: Int16Array; rateHz: number } => {
  if (wave.length < 44 || wave.toString('latin1', 0, 4) !== 'RIFF' || wave.readUInt16LE(22) !== 1 || wave.readUInt16LE(34) !== 16) {
    throw new Error(`espeak-ng answered ${wave.length} bytes that are not 16-bit mono WAVE.`);
  }
  const data = wave.indexOf('data', 12, 'latin1') + 8;
  const samples = new Int16Array((wave.length - data) >> 1);
  for (let index = 0; index < samples.length; index += 1) samples[index] = wave.readInt16LE(data + index * 2);
  return { samples, rateHz: wave.readUInt32LE(24) };
};

const run = (command: string, args: readonly string[], input: string, timeoutMs: number, signal: AbortSignal | undefined): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const timeout = AbortSignal.timeout(timeoutMs);
    const child = spawn(command, args, {
      stdio: ['pipe', 'pipe', 'ignore'],
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      killSignal: 'SIGKILL',
    });
    const chunks: Buffer[] = [];
    let bytes = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MAX_OUTPUT_BYTES) child.kill('SIGKILL');
      else chunks.push(chunk);
    });
    // A process that ends before it has read everything closes the pipe; its exit code tells the story.
    child.stdin.on('error', () => undefined);
    child.on('error', (error) => reject(toError(error)));
    child.on('close', (code, killedBy) => {
      if (code === 0) resolve(Buffer.concat(chunks));
      else reject(new Error(`${command} ended with ${code ?? killedBy ?? 'no status'}.`));
    });
    child.stdin.end(input);
  });
