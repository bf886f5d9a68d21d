import {
  avatar as avatarSchema,
  type Avatar,
  type Canvas,
  type Framing,
  framing as framingSchema,
  type Keying,
  keying as keyingSchema,
  type Render,
  type RenditionFit,
} from '@backlot/contract';
import { and, desc, eq, lt, or, type SQL } from 'drizzle-orm';
import type { Executor } from '../database/database.js';
import { backgroundImages, templates } from '../database/schema.js';

/** A template as the database has it. */
export interface TemplateRecord {
  readonly id: string;
  readonly organizationId: string;
  readonly title: string;
  readonly avatar: Avatar;
  readonly voice: string | null;
  /** Stays when the image is deleted. */
  readonly backgroundImageId: string | null;
  /** The image's bytes; null when there is none, or when it was deleted. */
  readonly imageSha256: string | null;
  readonly canvas: Canvas;
  readonly fit: RenditionFit;
  readonly framing: Framing;
  readonly keying: Keying;
  readonly render: Render;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** What of a template can change. */
export type TemplateChange = Partial<
  Pick<TemplateRecord, 'title' | 'avatar' | 'voice' | 'backgroundImageId' | 'canvas' | 'fit' | 'framing' | 'keying' | 'render'>
>;

/** Where a page of templates starts: after this row. */
export interface TemplatePosition {
  readonly createdAt: Date;
  readonly id: string;
}

const columns = { template: templates, imageSha256: backgroundImages.sha256 };
type Row = { readonly template: typeof templates.$inferSelect; readonly imageSha256: string | null };

const toRecord = ({ template: { canvasWidth, canvasHeight, avatar, framing, keying, ...facts }, imageSha256 }: Row): TemplateRecord => ({
  ...facts,
  avatar: avatarSchema.parse(avatar),
  framing: framingSchema.parse(framing),
  keying: keyingSchema.parse(keying),
  imageSha256,
  canvas: { width: canvasWidth, height: canvasHeight },
});

const select = (executor: Executor, where: SQL | undefined) =>
  executor
    .select(columns)
    .from(templates)
    .leftJoin(backgroundImages, and(eq(backgroundImages.id, templates.backgroundImageId), eq(backgroundImages.organizationId, templates.organizationId)))
    .where(where);

const own = (organizationId: string, id: string) => and(eq(templates.id, id), eq(templates.organizationId, organizationId));

const toColumns = ({ canvas, ...facts }: TemplateChange) => ({
  ...facts,
  ...(canvas === undefined ? {} : { canvasWidth: canvas.width, canvasHeight: canvas.height }),
});

/** Stores a new template. */
export const insertTemplate = async (executor: Executor, { canvas, imageSha256: _ofTheImage, ...facts }: TemplateRecord): Promise<void> => {
  await executor.insert(templates).values({ ...facts, canvasWidth: canvas.width, canvasHeight: canvas.height });
};

/** An organization's template; null when there is none or it is another's. */
export const findTemplate = async (executor: Executor, organizationId: string, id: string): Promise<TemplateRecord | null> => {
  const [row] = await select(executor, own(organizationId, id)).limit(1);
  return row === undefined ? null : toRecord(row);
};

/** Templates of an organization, newest first. */
export const listTemplates = async (
  executor: Executor,
  filter: { readonly organizationId: string; readonly after?: TemplatePosition | undefined; readonly limit: number },
): Promise<TemplateRecord[]> => {
  const { after } = filter;
  const rows = await select(
    executor,
    and(
      eq(templates.organizationId, filter.organizationId),
      after === undefined ? undefined : or(lt(templates.createdAt, after.createdAt), and(eq(templates.createdAt, after.createdAt), lt(templates.id, after.id))),
    ),
  )
    .orderBy(desc(templates.createdAt), desc(templates.id))
    .limit(filter.limit);
  return rows.map(toRecord);
};

/** Changes a template, in a transaction, and returns it as it is then. Null when there is none. */
export const updateTemplate = async (
  transaction: Executor,
  organizationId: string,
  id: string,
  change: TemplateChange,
  updatedAt: Date,
): Promise<TemplateRecord | null> => {
  await transaction
    .update(templates)
    .set({ ...toColumns(change), updatedAt })
    .where(own(organizationId, id));
  return findTemplate(transaction, organizationId, id);
};

/** Deletes a template. False when there was none. */
export const deleteTemplate = async (executor: Executor, organizationId: string, id: string): Promise<boolean> => {
  const rows = await executor.delete(templates).where(own(organizationId, id)).returning({ id: templates.id });
  return rows.length > 0;
};
