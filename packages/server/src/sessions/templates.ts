import type { Avatar, Canvas, CreateTemplate, RenditionFit, Template, UpdateTemplate } from '@backlot/contract';
import { type AvatarProvider, findProvider } from '../avatars/port.js';
import type { Database, Executor } from '../database/database.js';
import { BacklotError } from '../errors.js';
import { createId } from '../ids.js';
import {
  deleteTemplate,
  findTemplate,
  insertTemplate,
  listTemplates,
  type TemplatePosition,
  type TemplateRecord,
  updateTemplate,
} from './template-repository.js';

/** What templates need of the library. */
export interface TemplateImages {
  /** Throws `background_image_not_found`. */
  resolve(organizationId: string, id: string, transaction: Executor): Promise<{ readonly sourceSha256: string }>;
  signedRenditionUrl(sourceSha256: string, box: Canvas & { readonly fit: RenditionFit }): string;
}

export interface TemplateServiceOptions {
  readonly database: Database;
  readonly avatars: readonly AvatarProvider[];
  readonly library: TemplateImages;
  readonly now?: () => Date;
}

/** The size of the library's thumbnails. */
const THUMBNAIL = { width: 320, height: 180, fit: 'cover' } as const;

/** Templates: what sessions start with, saved. A session copies what it takes of one, so changing or deleting it touches none. */
export class TemplateService {
  readonly #options: TemplateServiceOptions;
  readonly #now: () => Date;

  constructor(options: TemplateServiceOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => new Date());
  }

  /** Throws `background_image_not_found`, and what the avatar's provider finds wrong with avatar and voice. */
  async create(organizationId: string, input: CreateTemplate): Promise<Template> {
    const { database, library } = this.#options;
    const { title, avatar, voice, background_image: backgroundImageId, canvas, fit, framing, keying, render } = input;
    await this.#checkAvatar(organizationId, avatar, voice);
    const now = this.#now();
    const record = await database.transaction(async (transaction) => {
      const image = backgroundImageId === null ? null : await library.resolve(organizationId, backgroundImageId, transaction);
      const facts = {
        id: createId('tmpl'),
        organizationId,
        title,
        avatar,
        voice,
        backgroundImageId,
        canvas,
        fit,
        framing,
        keying,
        render,
        createdAt: now,
        updatedAt: now,
      };
      const made: TemplateRecord = { ...facts, imageSha256: image?.sourceSha256 ?? null };
      await insertTemplate(transaction, made);
      return made;
    });
    return this.#view(record);
  }

  async list(
    organizationId: string,
    filter: { readonly after?: TemplatePosition | undefined; readonly limit: number },
  ): Promise<{ record: TemplateRecord; view: Template }[]> {
    const records = await listTemplates(this.#options.database.executor, { organizationId, ...filter });
    return records.map((record) => ({ record, view: this.#view(record) }));
  }

  /** Throws `template_not_found`. */
  async get(organizationId: string, id: string): Promise<Template> {
    return this.#view(await this.find(organizationId, id));
  }

  /** Changes what is given. Throws `template_not_found` and what `create` throws. */
  async update(organizationId: string, id: string, change: UpdateTemplate): Promise<Template> {
    const { database, library } = this.#options;
    const before = await this.find(organizationId, id);
    const { title, avatar, voice, background_image: backgroundImageId, canvas, fit, framing, keying, render } = change;
    if (avatar !== undefined || voice !== undefined)
      await this.#checkAvatar(organizationId, avatar ?? before.avatar, voice === undefined ? before.voice : voice);
    const record = await database.transaction(async (transaction) => {
      if (backgroundImageId != null) await library.resolve(organizationId, backgroundImageId, transaction);
      const wanted = {
        ...(title === undefined ? {} : { title }),
        ...(avatar === undefined ? {} : { avatar }),
        ...(voice === undefined ? {} : { voice }),
        ...(backgroundImageId === undefined ? {} : { backgroundImageId }),
        ...(canvas === undefined ? {} : { canvas }),
        ...(fit === undefined ? {} : { fit }),
        ...(framing === undefined ? {} : { framing }),
        ...(keying === undefined ? {} : { keying }),
        ...(render === undefined ? {} : { render }),
      };
      return updateTemplate(transaction, organizationId, id, wanted, this.#now());
    });
    if (record === null) throw new BacklotError('template_not_found');
    return this.#view(record);
  }

  /** Throws `template_not_found`. */
  async remove(organizationId: string, id: string): Promise<void> {
    if (!(await deleteTemplate(this.#options.database.executor, organizationId, id))) throw new BacklotError('template_not_found');
  }

  /** A template for a session to copy. Throws `template_not_found`. */
  async find(organizationId: string, id: string): Promise<TemplateRecord> {
    const record = await findTemplate(this.#options.database.executor, organizationId, id);
    if (record === null) throw new BacklotError('template_not_found');
    return record;
  }

  async #checkAvatar(organizationId: string, avatar: Avatar, voice: string | null): Promise<void> {
    try {
      await findProvider(this.#options.avatars, avatar).check(avatar, voice ?? undefined, organizationId);
    } catch (error) {
      if (!(error instanceof BacklotError)) throw error;
      // Providers speak of the session's field.
      const details = error.details.map((detail) => (detail.field === 'voice_id' ? { ...detail, field: 'voice' } : detail));
      throw new BacklotError(error.code, { message: error.message, details, cause: error });
    }
  }

  #view(record: TemplateRecord): Template {
    return {
      id: record.id,
      title: record.title,
      avatar: record.avatar,
      voice: record.voice,
      background_image: record.backgroundImageId,
      thumbnail_url: record.imageSha256 === null ? null : this.#options.library.signedRenditionUrl(record.imageSha256, THUMBNAIL),
      canvas: record.canvas,
      fit: record.fit,
      framing: record.framing,
      keying: record.keying,
      render: record.render,
      created_at: record.createdAt.toISOString(),
      updated_at: record.updatedAt.toISOString(),
    };
  }
}
