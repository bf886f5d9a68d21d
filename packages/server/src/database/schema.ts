import { sql } from 'drizzle-orm';
import { boolean, customType, index, integer, jsonb, pgTable, primaryKey, text, timestamp, uniqueIndex } from 'drizzle-orm/pg-core';

/** Milliseconds, as JavaScript has them: with microseconds, keyset paging would skip or repeat rows. */
const time = (name: string) => timestamp(name, { withTimezone: true, precision: 3, mode: 'date' });
const createdAt = () => time('created_at').notNull();
const bytes = customType<{ data: Uint8Array; driverData: Uint8Array }>({ dataType: () => 'bytea' });

/** One row: what must stay the same over restarts. */
export const installation = pgTable('installation', {
  id: integer('id').primaryKey().default(1),
  /** Same id as in the marker file of the blob store: a lost mount is noticed. */
  installationId: text('installation_id').notNull(),
  /** Signs tokens and addresses; 32 random bytes. */
  secret: bytes('secret').notNull(),
  createdAt: createdAt(),
});

export const organizations = pgTable('organizations', {
  id: text('id').primaryKey(),
  name: text('name').notNull(),
  createdAt: createdAt(),
});

const organizationId = () =>
  text('organization_id')
    .notNull()
    .references(() => organizations.id);

export const apiKeys = pgTable(
  'api_keys',
  {
    id: text('id').primaryKey(),
    organizationId: organizationId(),
    /** SHA-256 of the key, hex. The key itself is shown once and not kept. */
    hash: text('hash').notNull(),
    /** First characters, to tell keys apart. */
    displayPrefix: text('display_prefix').notNull(),
    createdAt: createdAt(),
    lastUsedAt: time('last_used_at'),
    revokedAt: time('revoked_at'),
  },
  (table) => [uniqueIndex('api_keys_hash').on(table.hash)],
);

export const signInLinks = pgTable('sign_in_links', {
  /** SHA-256 of the token, hex. */
  hash: text('hash').primaryKey(),
  organizationId: organizationId(),
  expiresAt: time('expires_at').notNull(),
  usedAt: time('used_at'),
});

export const consoleSessions = pgTable('console_sessions', {
  /** SHA-256 of the cookie, hex. */
  hash: text('hash').primaryKey(),
  organizationId: organizationId(),
  createdAt: createdAt(),
  expiresAt: time('expires_at').notNull(),
});

export const backgroundImages = pgTable(
  'background_images',
  {
    id: text('id').primaryKey(),
    organizationId: organizationId(),
    title: text('title').notNull(),
    /** The uploaded bytes. */
    sha256: text('sha256').notNull(),
    sizeBytes: integer('size_bytes').notNull(),
    mediaType: text('media_type').notNull(),
    width: integer('width').notNull(),
    height: integer('height').notNull(),
    frames: integer('frames').notNull(),
    transparent: boolean('transparent').notNull(),
    createdAt: createdAt(),
    updatedAt: time('updated_at').notNull(),
  },
  (table) => [
    index('background_images_page').on(table.organizationId, table.createdAt.desc(), table.id.desc()),
    index('background_images_sha256').on(table.sha256),
  ],
);

/** Scaled copies of an uploaded image; they belong to the bytes, not to a library entry, so they outlive its deletion. */
export const renditions = pgTable(
  'renditions',
  {
    sourceSha256: text('source_sha256').notNull(),
    /** Canonical name of the parameters, such as `1280x720-cover.jpeg`. */
    variant: text('variant').notNull(),
    sha256: text('sha256').notNull(),
    sizeBytes: integer('size_bytes').notNull(),
    mediaType: text('media_type').notNull(),
    width: integer('width').notNull(),
    height: integer('height').notNull(),
    createdAt: createdAt(),
  },
  (table) => [primaryKey({ columns: [table.sourceSha256, table.variant] }), index('renditions_sha256').on(table.sha256)],
);

export const sessions = pgTable(
  'sessions',
  {
    id: text('id').primaryKey(),
    organizationId: organizationId(),
    status: text('status', { enum: ['starting', 'live', 'ended', 'failed'] }).notNull(),
    reasonCode: text('reason_code'),
    reasonMessage: text('reason_message'),
    avatar: jsonb('avatar').notNull(),
    canvasWidth: integer('canvas_width').notNull(),
    canvasHeight: integer('canvas_height').notNull(),
    fit: text('fit', { enum: ['cover', 'contain'] }).notNull(),
    voiceId: text('voice_id'),
    openingText: text('opening_text'),
    metadata: jsonb('metadata').notNull(),
    createdAt: createdAt(),
    liveAt: time('live_at'),
    endedAt: time('ended_at'),
  },
  (table) => [
    index('sessions_page').on(table.organizationId, table.createdAt.desc(), table.id.desc()),
    index('sessions_on_air')
      .on(table.status)
      .where(sql`${table.status} in ('starting', 'live')`),
  ],
);

/** The background of a surface as it is now: a copy of the facts, so that the library's later changes don't touch it. */
export const surfaces = pgTable(
  'surfaces',
  {
    /** The session's or conversation's id. */
    surfaceId: text('surface_id').primaryKey(),
    organizationId: organizationId(),
    version: integer('version').notNull(),
    backgroundId: text('background_id'),
    sourceSha256: text('source_sha256'),
    color: text('color'),
    updatedAt: time('updated_at').notNull(),
  },
  (table) => [index('surfaces_source').on(table.sourceSha256)],
);

export const idempotencyKeys = pgTable(
  'idempotency_keys',
  {
    organizationId: organizationId(),
    key: text('key').notNull(),
    /** SHA-256 of method, path and body. */
    fingerprint: text('fingerprint').notNull(),
    state: text('state', { enum: ['running', 'finished'] }).notNull(),
    status: integer('status'),
    headers: jsonb('headers'),
    body: text('body'),
    lockedUntil: time('locked_until').notNull(),
    expiresAt: time('expires_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.organizationId, table.key] }), index('idempotency_keys_expiry').on(table.expiresAt)],
);
