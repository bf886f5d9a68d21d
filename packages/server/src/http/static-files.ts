import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { extname, resolve, sep } from 'node:path';
import type { Context, Handler } from 'hono';
import { BacklotError } from '../errors.js';
import type { AppEnv } from './context.js';

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.map': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
};

/** Vite writes a content hash into the names of assets. */
const HASHED = /-[\w-]{8,}\.\w+$/;

interface LoadedFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly etag: string;
}

const decodePath = (path: string): string => {
  try {
    return decodeURIComponent(path);
  } catch (cause) {
    throw new BacklotError('route_not_found', { cause });
  }
};

/** Sends files of the build, which never change while the server runs: each is read once. */
export class StaticFiles {
  readonly #files = new Map<string, Promise<LoadedFile>>();

  /** A handler that always sends one file. */
  file(path: string): Handler<AppEnv> {
    return async (context) => this.#send(context, path, false);
  }

  /** A handler for a folder; a path without an extension gets `fallback` (the page that routes in the browser). */
  folder(options: { readonly folder: string; readonly prefix: string; readonly fallback: string }): Handler<AppEnv> {
    const root = resolve(options.folder);
    return async (context) => {
      const relative = decodePath(context.req.path.slice(options.prefix.length)).replace(/^\/+/, '');
      const path = resolve(root, relative);
      if (!path.startsWith(root + sep) && path !== root) throw new BacklotError('route_not_found');
      return extname(path) === '' ? this.#send(context, resolve(root, options.fallback), false) : this.#send(context, path, HASHED.test(path));
    };
  }

  async #send(context: Context<AppEnv>, path: string, isHashed: boolean): Promise<Response> {
    let loading = this.#files.get(path);
    if (loading === undefined) {
      loading = readFile(path).then((bytes) => ({
        bytes: Uint8Array.from(bytes),
        etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`,
      }));
      this.#files.set(path, loading);
    }
    let file: LoadedFile;
    try {
      file = await loading;
    } catch (cause) {
      // Names of files that don't exist come from outside: keeping them would grow without limit.
      this.#files.delete(path);
      throw new BacklotError('route_not_found', { cause });
    }
    const headers = {
      'Content-Type': MEDIA_TYPES[extname(path)] ?? 'application/octet-stream',
      'Cache-Control': isHashed ? 'public, max-age=31536000, immutable' : 'no-cache',
      ETag: file.etag,
    };
    if (context.req.header('if-none-match') === file.etag) return context.body(null, 304, headers);
    return context.body(file.bytes, 200, headers);
  }
}
