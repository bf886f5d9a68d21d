import { isSignature, signText } from './secrets.js';

/** Signs paths so that they can be read without a key until a time. */
export interface UrlSigner {
  /** The query `expires=<Unix seconds>&signature=…`. Equal input gives equal output, so addresses can be cached. */
  sign(path: string, expiresAt: Date): string;
  verify(path: string, query: { readonly expires: string | undefined; readonly signature: string | undefined }): boolean;
}

/** HMAC-SHA256 over path and expiry with the installation's secret. */
export const createUrlSigner = (secret: Uint8Array, now: () => Date = () => new Date()): UrlSigner => {
  const sign = (path: string, expires: string): Buffer => signText(secret, 'url', `${path}?${expires}`);
  return {
    sign: (path, expiresAt) => {
      const expires = String(Math.floor(expiresAt.getTime() / 1000));
      return `expires=${expires}&signature=${sign(path, expires).toString('base64url')}`;
    },
    verify: (path, { expires, signature }) => {
      if (expires === undefined || signature === undefined || !/^\d{1,12}$/.test(expires)) return false;
      return Number(expires) * 1000 > now().getTime() && isSignature(sign(path, expires), signature);
    },
  };
};
