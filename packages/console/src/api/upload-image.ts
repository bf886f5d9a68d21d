import { type BackgroundImage, BacklotApiError } from '@backlot/client';

export interface UploadImageOptions {
  readonly file: File;
  readonly title: string;
  readonly idempotencyKey: string;
  readonly signal: AbortSignal;
  /** Bytes that left this machine; the file's whole size means that the server is at work on it. */
  readonly onProgress: (sentBytes: number) => void;
}

const TIMEOUT_MS = 10 * 60_000;

/** Uploads one image with progress. `fetch` can't tell progress, so this is an XMLHttpRequest. Rejects with `BacklotApiError`, or the signal's reason. */
export const uploadImage = async ({ file, title, idempotencyKey, signal, onProgress }: UploadImageOptions): Promise<BackgroundImage> =>
  new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const stop = (): void => request.abort();
    request.open('POST', '/v1/background-images');
    request.timeout = TIMEOUT_MS;
    request.setRequestHeader('Accept', 'application/json');
    request.setRequestHeader('Idempotency-Key', idempotencyKey);
    request.upload.onprogress = (event) => {
      // The form's own lines count in `event`; the share is what matters.
      if (event.lengthComputable) onProgress(Math.round((event.loaded / event.total) * file.size));
    };
    request.upload.onload = () => onProgress(file.size);
    request.onload = () => {
      if (request.status === 201) resolve(JSON.parse(request.responseText) as BackgroundImage);
      else reject(BacklotApiError.fromReply(request.status, (name) => request.getResponseHeader(name), request.responseText));
    };
    request.onerror = () => reject(new BacklotApiError('The connection was lost.', { code: 'connection_failed', status: 0 }));
    request.ontimeout = () => reject(new BacklotApiError('The upload took too long.', { code: 'timeout', status: 0 }));
    request.onabort = () => reject(signal.reason as Error);
    request.onloadend = () => signal.removeEventListener('abort', stop);
    if (signal.aborted) {
      reject(signal.reason as Error);
      return;
    }
    signal.addEventListener('abort', stop, { once: true });
    const form = new FormData();
    form.set('title', title);
    form.set('image', file);
    request.send(form);
  });
