import type {
  AvatarOption,
  BackgroundChange,
  BackgroundImage,
  BackgroundImageSort,
  CreateSessionInput,
  Me,
  Session,
  SessionEvent,
  SessionStatus,
  SetBackgroundInput,
  Speech,
} from '@backlot/contract';
import { type AvatarCredentialsApi, createAvatarCredentialsApi } from './avatar-credentials.js';
import { type ConversationsApi, createConversationsApi } from './conversations.js';
import type { EventsOptions } from './event-stream.js';
import { followSession } from './session-events.js';
import { createSimulatorApi, type SimulatorApi } from './simulator.js';
import { createTemplatesApi, type TemplatesApi } from './templates.js';
import { type BacklotClientOptions, type CallOptions, type CreateOptions, Transport } from './transport.js';
import { createWebhookEndpointsApi, createWebhookEventsApi, type WebhookEndpointsApi, type WebhookEventsApi } from './webhooks.js';

/** One page of a list; `next_cursor` is null on the last one. */
export interface Page<Item> {
  readonly data: readonly Item[];
  readonly next_cursor: string | null;
}

/** A page that may know how many items all pages have. */
export interface CountedPage<Item> extends Page<Item> {
  /** There if `includeTotal` asked for it. */
  readonly total?: number;
}

/** Which page of a list. */
export interface PageOptions extends CallOptions {
  /** Items a page, 1 to 100. Default 50. */
  readonly limit?: number;
  /** `next_cursor` of the page before. */
  readonly cursor?: string;
}

/** Which page of a list that can be counted. */
export interface CountedPageOptions extends PageOptions {
  /** Whether to count the items on all pages. */
  readonly includeTotal?: boolean;
}

/** Which background images. */
export interface ListBackgroundImagesOptions extends CountedPageOptions {
  /** Part of the title, in any case. */
  readonly search?: string;
  /** Order; `-`: descending. Default `-created_at`. */
  readonly sort?: BackgroundImageSort;
}

/** Which sessions. */
export interface ListSessionsOptions extends CountedPageOptions {
  readonly status?: SessionStatus;
  /** Only sessions in front of this image of the library. */
  readonly backgroundImage?: string;
}

/** A new background image. */
export interface NewBackgroundImage {
  readonly image: Blob;
  /** Default: the file's name. */
  readonly title?: string;
  /** Default: the blob's own name when it is a `File`. */
  readonly fileName?: string;
}

/** The library of background images. Every method throws `BacklotApiError`. */
export interface BackgroundImagesApi {
  create(image: NewBackgroundImage, options?: CreateOptions): Promise<BackgroundImage>;
  list(options?: ListBackgroundImagesOptions): Promise<CountedPage<BackgroundImage>>;
  /** Every image of the library, page by page. */
  iterate(options?: Omit<ListBackgroundImagesOptions, 'cursor'>): AsyncGenerator<BackgroundImage, void, undefined>;
  get(id: string, options?: CallOptions): Promise<BackgroundImage>;
  rename(id: string, title: string, options?: CallOptions): Promise<BackgroundImage>;
  delete(id: string, options?: CallOptions): Promise<void>;
}

/** AI humans on air. Every method throws `BacklotApiError`. */
export interface SessionsApi {
  create(session?: CreateSessionInput, options?: CreateOptions): Promise<Session>;
  list(options?: ListSessionsOptions): Promise<CountedPage<Session>>;
  get(id: string, options?: CallOptions): Promise<Session>;
  end(id: string, options?: CallOptions): Promise<void>;
  setBackground(id: string, background: SetBackgroundInput, options?: CreateOptions): Promise<BackgroundChange>;
  removeBackground(id: string, options?: CallOptions): Promise<BackgroundChange>;
  speak(id: string, text: string, options?: CreateOptions): Promise<Speech>;
  /** The session's state and what happens to it, until it ends; survives lost connections. */
  events(id: string, options?: EventsOptions): AsyncGenerator<SessionEvent, void, undefined>;
}

/** A Backlot server, as its API has it. */
export interface BacklotClient {
  readonly backgroundImages: BackgroundImagesApi;
  readonly templates: TemplatesApi;
  readonly avatarCredentials: AvatarCredentialsApi;
  readonly sessions: SessionsApi;
  readonly conversations: ConversationsApi;
  /** There while the messaging provider is the simulator. */
  readonly simulator: SimulatorApi;
  readonly webhookEndpoints: WebhookEndpointsApi;
  readonly webhookEvents: WebhookEventsApi;
  readonly avatars: { list(options?: CallOptions): Promise<readonly AvatarOption[]> };
  /** The organization behind the key or cookie. */
  me(options?: CallOptions): Promise<Me>;
}

const IMAGES = '/v1/background-images';
const SESSIONS = '/v1/sessions';
const imagePath = (id: string): string => `${IMAGES}/${encodeURIComponent(id)}`;
const sessionPath = (id: string, rest = ''): string => `${SESSIONS}/${encodeURIComponent(id)}${rest}`;

const createBackgroundImagesApi = (transport: Transport): BackgroundImagesApi => {
  const list: BackgroundImagesApi['list'] = async ({ limit, cursor, search, sort, includeTotal, ...options } = {}) =>
    transport.send({ method: 'GET', path: IMAGES, query: { limit, cursor, search, sort, include_total: includeTotal }, ...options });
  return {
    list,
    create: async ({ image, title, fileName }, options) => {
      const body = new FormData();
      if (title !== undefined) body.set('title', title);
      if (fileName === undefined) body.set('image', image);
      else body.set('image', image, fileName);
      return transport.send({ method: 'POST', path: IMAGES, body, ...options });
    },
    async *iterate(options = {}) {
      let cursor: string | undefined;
      do {
        const page: Page<BackgroundImage> = await list(cursor === undefined ? options : { ...options, cursor });
        yield* page.data;
        cursor = page.next_cursor ?? undefined;
      } while (cursor !== undefined);
    },
    get: async (id, options) => transport.send({ method: 'GET', path: imagePath(id), ...options }),
    rename: async (id, title, options) => transport.send({ method: 'PATCH', path: imagePath(id), body: { title }, ...options }),
    delete: async (id, options) => transport.send({ method: 'DELETE', path: imagePath(id), ...options }),
  };
};

const createSessionsApi = (transport: Transport): SessionsApi => ({
  create: async (session = {}, options) => transport.send({ method: 'POST', path: SESSIONS, body: session, ...options }),
  list: async ({ limit, cursor, status, backgroundImage, includeTotal, ...options } = {}) =>
    transport.send({
      method: 'GET',
      path: SESSIONS,
      query: { limit, cursor, status, background_image: backgroundImage, include_total: includeTotal },
      ...options,
    }),
  get: async (id, options) => transport.send({ method: 'GET', path: sessionPath(id), ...options }),
  end: async (id, options) => transport.send({ method: 'DELETE', path: sessionPath(id), ...options }),
  setBackground: async (id, background, options) => transport.send({ method: 'POST', path: sessionPath(id, '/background'), body: background, ...options }),
  removeBackground: async (id, options) => transport.send({ method: 'DELETE', path: sessionPath(id, '/background'), ...options }),
  speak: async (id, text, options) => transport.send({ method: 'POST', path: sessionPath(id, '/speech'), body: { text }, ...options }),
  events: (id, options) => followSession(transport, sessionPath(id, '/events'), options),
});

/**
 * A client for one Backlot server. Runs in Node ≥ 20 and in browsers, needs nothing but `fetch`.
 *
 * ```ts
 * const backlot = createBacklotClient({ baseUrl: 'http://127.0.0.1:8787', apiKey });
 * const session = await backlot.sessions.create({ background_image: image.id });
 * await backlot.sessions.setBackground(session.session_id, { background_image: another.id });
 * ```
 */
export const createBacklotClient = (options: BacklotClientOptions): BacklotClient => {
  const transport = new Transport(options);
  return {
    backgroundImages: createBackgroundImagesApi(transport),
    templates: createTemplatesApi(transport),
    avatarCredentials: createAvatarCredentialsApi(transport),
    sessions: createSessionsApi(transport),
    conversations: createConversationsApi(transport),
    simulator: createSimulatorApi(transport),
    webhookEndpoints: createWebhookEndpointsApi(transport),
    webhookEvents: createWebhookEventsApi(transport),
    avatars: {
      list: async (call) => (await transport.send<{ data: readonly AvatarOption[] }>({ method: 'GET', path: '/v1/avatars', ...call })).data,
    },
    me: async (call) => transport.send({ method: 'GET', path: '/v1/me', ...call }),
  };
};
