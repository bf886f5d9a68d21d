import { readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';

const EXTENSIONS: ReadonlySet<string> = new Set(['.mp4', '.m4v', '.mov', '.webm', '.mkv', '.avi', '.mpg', '.mpeg', '.ts', '.ogv']);

/** The folder of video files that operators fill. */
export class ClipFolder {
  readonly #path: string;

  /** `path`: absolute. The folder may be missing: then it is empty. */
  constructor(path: string) {
    this.#path = path;
  }

  /** Names of its video files, sorted. Links to files count as files. */
  async names(): Promise<string[]> {
    const entries = await readdir(this.#path).catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return [];
      throw error;
    });
    const checked = await Promise.all(entries.map(async (name) => ((await this.find(name)) === null ? [] : [name])));
    return checked.flat().toSorted((a, b) => a.localeCompare(b, 'en'));
  }

  /** The absolute path of a file by its name; null when the folder holds no such video. A path is no name. */
  async find(name: string): Promise<string | null> {
    const hidden = name.startsWith('.');
    if (hidden || /[/\\\0]/.test(name) || !EXTENSIONS.has(extname(name).toLowerCase())) return null;
    const path = join(this.#path, name);
    const isFile = await stat(path).then(
      (facts) => facts.isFile(),
      () => false,
    );
    return isFile ? path : null;
  }
}
