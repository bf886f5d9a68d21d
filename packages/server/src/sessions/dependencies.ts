import type { Canvas, RenditionFit } from '@backlot/contract';
import type { Executor } from '../database/database.js';
import type { TemplateRecord } from './template-repository.js';

/** What sessions need of the library. */
export interface BackgroundLibrary {
  /**
   * What a surface keeps of an image. In a transaction the image can't be deleted before that ends.
   * Throws `background_image_not_found`.
   */
  resolve(organizationId: string, id: string, transaction?: Executor): Promise<{ readonly id: string; readonly sourceSha256: string }>;
  /** Makes sure that the picture for a canvas is there, so that no viewer waits for it. */
  ensureRendition(sourceSha256: string, box: Canvas & { readonly fit: RenditionFit }): Promise<void>;
  /** The bytes of the picture for a canvas, as viewers get it. */
  readPicture(sourceSha256: string, box: Canvas & { readonly fit: RenditionFit }): Promise<Uint8Array<ArrayBuffer>>;
  /** A JPEG of exactly this size, cropped and enlarged as it needs. */
  exactPicture(sourceSha256: string, size: Canvas, maxBytes: number): Promise<Uint8Array>;
  /** A signed address that works without a key, and after the library's entry was deleted. */
  signedRenditionUrl(sourceSha256: string, box: Canvas & { readonly fit: RenditionFit }): string;
  /**
   * Takes an image for one surface alone. `use` makes the surface refer to it, in a transaction that also records the
   * image's picture. Throws what an upload throws.
   */
  ingest<Result>(
    bytes: Uint8Array,
    box: Canvas & { readonly fit: RenditionFit },
    signal: AbortSignal,
    use: (image: { readonly sourceSha256: string; record(transaction: Executor): Promise<void> }) => Promise<Result>,
  ): Promise<Result>;
}

/** What sessions need of templates. */
export interface SavedTemplates {
  /** Throws `template_not_found`. */
  find(organizationId: string, id: string): Promise<TemplateRecord>;
}

/** Tokens for one session: viewers watch, publishers publish. */
export interface SessionTokenIssuer {
  issue(claims: { readonly sessionId: string; readonly role: 'viewer' | 'publisher' }): string;
}
