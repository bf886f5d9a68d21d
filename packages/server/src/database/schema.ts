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
  (table) => [index('background_images_page').on(table.organizationId, table.createdAt, table.id), index('background_images_sha256').on(table.sha256)],
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

/** What sessions start with, saved. */
export const templates = pgTable(
  'templates',
  {
    id: text('id').primaryKey(),
    organizationId: organizationId(),
    title: text('title').notNull(),
    avatar: jsonb('avatar').notNull(),
    voice: text('voice'),
    /** No foreign key: the image may be deleted, and the template then says so. */
    backgroundImageId: text('background_image_id'),
    canvasWidth: integer('canvas_width').notNull(),
    canvasHeight: integer('canvas_height').notNull(),
    fit: text('fit', { enum: ['cover', 'contain'] }).notNull(),
    framing: jsonb('framing').notNull().default({ scale: 1, x: 0, y: 0, crop: 'none' }),
    keying: jsonb('keying').notNull().default({}),
    render: text('render', { enum: ['client', 'server'] })
      .notNull()
      .default('client'),
    createdAt: createdAt(),
    updatedAt: time('updated_at').notNull(),
  },
  (table) => [index('templates_page').on(table.organizationId, table.createdAt, table.id)],
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
    framing: jsonb('framing').notNull().default({ scale: 1, x: 0, y: 0, crop: 'none' }),
    keying: jsonb('keying').notNull().default({}),
    render: text('render', { enum: ['client', 'server'] })
      .notNull()
      .default('client'),
    /** On LiveKit: the room, and the identity of the viewer that the session was made for. */
    livekitRoom: text('livekit_room'),
    livekitIdentity: text('livekit_identity'),
    /** What finds the avatar's session at its vendor again; null when there is none. */
    avatarReference: text('avatar_reference'),
    /** The opening text has been handed to the avatar. */
    openingSaidAt: time('opening_said_at'),
    voiceId: text('voice_id'),
    openingText: text('opening_text'),
    metadata: jsonb('metadata').notNull(),
    createdAt: createdAt(),
    liveAt: time('live_at'),
    endedAt: time('ended_at'),
  },
  (table) => [
    index('sessions_page').on(table.organizationId, table.createdAt, table.id),
    index('sessions_on_air')
      .on(table.status)
      .where(sql`${table.status} in ('starting', 'live')`),
    /** A LiveKit room carries one session at a time. */
    uniqueIndex('sessions_livekit_room')
      .on(table.livekitRoom)
      .where(sql`${table.status} in ('starting', 'live')`),
  ],
);

/** Organizations' API keys at avatar vendors. Sealed: Backlot can read them, whoever has the database alone can't. */
export const avatarCredentials = pgTable(
  'avatar_credentials',
  {
    organizationId: organizationId(),
    vendor: text('vendor').notNull(),
    sealed: bytes('sealed').notNull(),
    /** First characters, to tell keys apart. */
    displayPrefix: text('display_prefix').notNull(),
    updatedAt: time('updated_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.organizationId, table.vendor] })],
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

/** A chat with one person or a group, as the messaging provider tells it. Its background is in `surfaces`. */
export const conversations = pgTable(
  'conversations',
  {
    id: text('id').primaryKey(),
    organizationId: organizationId(),
    /** Name of the messaging provider, and the chat's id there. */
    provider: text('provider').notNull(),
    providerChatId: text('provider_chat_id').notNull(),
    channel: text('channel', { enum: ['imessage', 'sms', 'mms', 'rcs', 'whatsapp', 'voice'] }).notNull(),
    /** Our own number in it. */
    phoneNumber: text('phone_number').notNull(),
    isGroup: boolean('is_group').notNull(),
    groupName: text('group_name'),
    groupIconUrl: text('group_icon_url'),
    /** `[{identifier, name}]`, without ourselves. */
    participants: jsonb('participants').notNull(),
    metadata: jsonb('metadata'),
    messageCount: integer('message_count').notNull(),
    lastMessageAt: time('last_message_at').notNull(),
    lastMessagePreview: text('last_message_preview').notNull(),
    createdAt: createdAt(),
  },
  (table) => [
    uniqueIndex('conversations_chat').on(table.organizationId, table.provider, table.providerChatId),
    index('conversations_page').on(table.organizationId, table.lastMessageAt, table.id),
  ],
);

/** What the messaging provider knows of a conversation's background, beside our own version in `surfaces`. */
export const conversationBackgrounds = pgTable('conversation_backgrounds', {
  conversationId: text('conversation_id')
    .primaryKey()
    .references(() => conversations.id),
  /** The provider's own id of the background and its version there; null where it has none. */
  providerBackgroundId: text('provider_background_id'),
  providerVersion: text('provider_version'),
  /** Somebody else's background is shown: set on a phone, or by another program. */
  isForeign: boolean('is_foreign').notNull(),
  /** A change was sent and its outcome is not known: the next touch asks the provider. */
  isInDoubt: boolean('is_in_doubt').notNull(),
  /** `{width, height, format, sizeBytes}` of the image that was sent. */
  image: jsonb('image'),
  /** `[{code, message}]`: what the recipient sees otherwise than the sender may expect. Null as long as nothing was sent. */
  warnings: jsonb('warnings'),
  checkedAt: time('checked_at'),
  /** Whoever changes it holds it until then, and renews that: a process that was killed lets go by itself. */
  lockedBy: text('locked_by'),
  lockedUntil: time('locked_until'),
});

export const messages = pgTable(
  'messages',
  {
    id: text('id').primaryKey(),
    conversationId: text('conversation_id')
      .notNull()
      .references(() => conversations.id),
    providerMessageId: text('provider_message_id').notNull(),
    direction: text('direction', { enum: ['inbound', 'outbound'] }).notNull(),
    body: text('body').notNull(),
    fromNumber: text('from_number').notNull(),
    toNumber: text('to_number').notNull(),
    senderIdentifier: text('sender_identifier'),
    channel: text('channel', { enum: ['imessage', 'sms', 'mms', 'rcs', 'whatsapp', 'voice'] }).notNull(),
    mediaUrls: jsonb('media_urls').notNull(),
    reactions: jsonb('reactions').notNull(),
    replyTo: jsonb('reply_to'),
    /** Unique in its conversation, by a millisecond more where it was taken: a cursor loses nothing. */
    receivedAt: time('received_at').notNull(),
  },
  (table) => [
    uniqueIndex('messages_provider_id').on(table.conversationId, table.providerMessageId),
    uniqueIndex('messages_page').on(table.conversationId, table.receivedAt),
  ],
);

/** What a messaging provider must remember over restarts, such as the signing secret that it got once. Sealed. */
export const messagingState = pgTable('messaging_state', {
  provider: text('provider').primaryKey(),
  sealed: bytes('sealed').notNull(),
  updatedAt: time('updated_at').notNull(),
});

/** Where an organization wants to be told of events. */
export const webhookEndpoints = pgTable(
  'webhook_endpoints',
  {
    id: text('id').primaryKey(),
    organizationId: organizationId(),
    url: text('url').notNull(),
    /** Names of the events that it gets; null: all. */
    eventTypes: jsonb('event_types'),
    /** Signing secret, sealed. */
    sealedSecret: bytes('sealed_secret').notNull(),
    /** The one before the last rotation; it signs as well until it expires. */
    previousSealedSecret: bytes('previous_sealed_secret'),
    previousSecretExpiresAt: time('previous_secret_expires_at'),
    isEnabled: boolean('is_enabled').notNull(),
    /** Why Backlot itself stopped sending; null when it didn't. */
    disabledReason: text('disabled_reason', { enum: ['gone'] }),
    createdAt: createdAt(),
    updatedAt: time('updated_at').notNull(),
  },
  (table) => [index('webhook_endpoints_organization').on(table.organizationId)],
);

/** What happened: written in the transaction that made it happen, so that no event is lost or made up. */
export const webhookEvents = pgTable(
  'webhook_events',
  {
    id: text('id').primaryKey(),
    organizationId: organizationId(),
    type: text('type').notNull(),
    /** The body that is sent: the same bytes in every attempt. */
    body: text('body').notNull(),
    createdAt: createdAt(),
  },
  (table) => [index('webhook_events_page').on(table.organizationId, table.createdAt, table.id), index('webhook_events_age').on(table.createdAt)],
);

/** One event on its way to one endpoint. */
export const webhookDeliveries = pgTable(
  'webhook_deliveries',
  {
    id: text('id').primaryKey(),
    eventId: text('event_id')
      .notNull()
      .references(() => webhookEvents.id, { onDelete: 'cascade' }),
    endpointId: text('endpoint_id')
      .notNull()
      .references(() => webhookEndpoints.id, { onDelete: 'cascade' }),
    state: text('state', { enum: ['pending', 'delivered', 'failed'] }).notNull(),
    /** Counted when an attempt begins. */
    attempts: integer('attempts').notNull(),
    /** When it is tried next; also the lease of whoever is trying it. */
    nextAttemptAt: time('next_attempt_at'),
    lastStatus: integer('last_status'),
    lastError: text('last_error'),
    lastDurationMs: integer('last_duration_ms'),
    createdAt: createdAt(),
    finishedAt: time('finished_at'),
  },
  (table) => [
    uniqueIndex('webhook_deliveries_once').on(table.eventId, table.endpointId),
    index('webhook_deliveries_due')
      .on(table.endpointId, table.nextAttemptAt)
      .where(sql`${table.state} = 'pending'`),
    index('webhook_deliveries_endpoint').on(table.endpointId),
  ],
);
