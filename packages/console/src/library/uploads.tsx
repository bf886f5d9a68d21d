import { type BackgroundImage, BacklotApiError } from '@backlot/client';
import { createContext, type ReactNode, use, useCallback, useEffect, useMemo, useReducer, useRef } from 'react';
import { useRefreshLibrary } from '../api/library.js';
import { uploadImage } from '../api/upload-image.js';
import type { Size } from './crop.js';
import { titleOfFile } from './format.js';

/** One chosen file on its way into the library. */
export interface Upload {
  readonly key: string;
  readonly file: File;
  readonly title: string;
  /** A blob address of the file itself. */
  readonly previewUrl: string;
  /** Known once the browser has read the picture; null when it can't. */
  readonly size: Size | null | undefined;
  readonly state: 'chosen' | 'queued' | 'uploading' | 'preparing' | 'done' | 'failed';
  readonly sentBytes: number;
  readonly error: BacklotApiError | null;
  readonly image: BackgroundImage | null;
  /** Stays over a lost connection, so that an upload that did arrive isn't stored twice. */
  readonly idempotencyKey: string;
}

type Action =
  | { readonly type: 'add'; readonly uploads: readonly Upload[] }
  | { readonly type: 'change'; readonly key: string; readonly change: Partial<Upload> }
  | { readonly type: 'remove'; readonly keys: readonly string[] };

const reduce = (uploads: readonly Upload[], action: Action): readonly Upload[] => {
  switch (action.type) {
    case 'add':
      return [...uploads, ...action.uploads];
    case 'change':
      return uploads.map((upload) => (upload.key === action.key ? { ...upload, ...action.change } : upload));
    case 'remove':
      return uploads.filter(({ key }) => !action.keys.includes(key));
  }
};

/** What the upload form does. */
export interface Uploads {
  readonly uploads: readonly Upload[];
  add(files: Iterable<File>): void;
  rename(key: string, title: string): void;
  /** Uploads what is chosen, a few at a time. */
  start(): void;
  retry(key: string): void;
  /** Stops an upload, or takes a file out of the form. */
  remove(key: string): void;
  /** Takes out what is done, or everything that isn't under way. */
  clear(which: 'done' | 'idle'): void;
}

const UploadsContext = createContext<Uploads | null>(null);

/** Uploads at the same time: enough to fill a line, few enough for the server's decoders. */
const CONCURRENCY = 2;

/** Keeps uploads going while their form is closed and pages change. */
export const UploadsProvider = ({ children }: { readonly children: ReactNode }) => {
  const [uploads, dispatch] = useReducer(reduce, []);
  const running = useRef(new Map<string, AbortController>());
  const refreshLibrary = useRefreshLibrary();
  const change = useCallback((key: string, what: Partial<Upload>): void => dispatch({ type: 'change', key, change: what }), []);

  const send = useCallback(
    async (upload: Upload): Promise<void> => {
      const controller = new AbortController();
      running.current.set(upload.key, controller);
      change(upload.key, { state: 'uploading', sentBytes: 0, error: null });
      try {
        const image = await uploadImage({
          file: upload.file,
          title: upload.title.trim() === '' ? titleOfFile(upload.file.name) : upload.title.trim(),
          idempotencyKey: upload.idempotencyKey,
          signal: controller.signal,
          onProgress: (sentBytes) => change(upload.key, { sentBytes, state: sentBytes >= upload.file.size ? 'preparing' : 'uploading' }),
        });
        change(upload.key, { state: 'done', image });
        void refreshLibrary();
      } catch (error) {
        if (!controller.signal.aborted) {
          change(upload.key, {
            state: 'failed',
            error:
              error instanceof BacklotApiError
                ? error
                : new BacklotApiError("The answer can't be read.", { code: 'unexpected_response', status: 0 }, { cause: error }),
          });
        }
      } finally {
        running.current.delete(upload.key);
      }
    },
    [change, refreshLibrary],
  );

  useEffect(() => {
    const free = CONCURRENCY - running.current.size;
    for (const upload of uploads.filter(({ key, state }) => state === 'queued' && !running.current.has(key)).slice(0, Math.max(0, free))) void send(upload);
  }, [uploads, send]);

  useEffect(() => {
    const controllers = running.current;
    return () => controllers.forEach((controller) => controller.abort());
  }, []);

  const value = useMemo((): Uploads => {
    const drop = (dropped: readonly Upload[]): void => {
      for (const { key, previewUrl } of dropped) {
        running.current.get(key)?.abort();
        URL.revokeObjectURL(previewUrl);
      }
      dispatch({ type: 'remove', keys: dropped.map(({ key }) => key) });
    };
    return {
      uploads,
      add: (files) => {
        const added = [...files].map((file): Upload => ({
          key: crypto.randomUUID(),
          file,
          title: titleOfFile(file.name),
          previewUrl: URL.createObjectURL(file),
          size: undefined,
          state: 'chosen',
          sentBytes: 0,
          error: null,
          image: null,
          idempotencyKey: crypto.randomUUID(),
        }));
        dispatch({ type: 'add', uploads: added });
        for (const { key, previewUrl } of added) {
          const picture = new Image();
          picture.onload = () => change(key, { size: { width: picture.naturalWidth, height: picture.naturalHeight } });
          picture.onerror = () => change(key, { size: null });
          picture.src = previewUrl;
        }
      },
      rename: (key, title) => change(key, { title }),
      start: () => uploads.forEach(({ key, state }) => state === 'chosen' && change(key, { state: 'queued' })),
      retry: (key) => {
        const upload = uploads.find((other) => other.key === key);
        if (upload === undefined) return;
        // A refusal is remembered under its key: the next try is another request.
        change(key, { state: 'queued', sentBytes: 0, error: null, ...(upload.error?.status === 0 ? {} : { idempotencyKey: crypto.randomUUID() }) });
      },
      remove: (key) => drop(uploads.filter((upload) => upload.key === key)),
      clear: (which) => drop(uploads.filter(({ state }) => state === 'done' || (which === 'idle' && (state === 'chosen' || state === 'failed')))),
    };
  }, [uploads, change]);
  return <UploadsContext value={value}>{children}</UploadsContext>;
};

/** The uploads of this console. */
export const useUploads = (): Uploads => {
  const value = use(UploadsContext);
  if (value === null) throw new TypeError('useUploads needs an UploadsProvider above it.');
  return value;
};
