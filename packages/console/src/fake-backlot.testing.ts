import {
  type AvatarCredential,
  avatarCredential,
  avatarOption,
  avatarVendor,
  type BackgroundImage,
  backgroundImage,
  type BackgroundImage as Image,
  conversationBackground,
  conversationDetail,
  type ConversationEvent,
  conversationSummary,
  type ConversationSummary,
  createSession,
  type CreateSession,
  createTemplate,
  DEFAULT_FRAMING,
  errorBody,
  ERROR_CODES,
  type ErrorCode,
  liveConversationBackground,
  type LiveConversationBackground,
  me,
  message,
  type Message,
  type Session,
  session as sessionSchema,
  simulatedChatDetail,
  type SimulatedChatDetail,
  simulatorFaults,
  type SimulatorFaults,
  template as templateSchema,
  type Template,
  updateTemplate,
  webhookDelivery,
  type WebhookDelivery,
  webhookEndpoint,
  type WebhookEndpoint,
  webhookEvent,
  type WebhookEvent,
} from '@backlot/contract';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';

const POLICY = "default-src 'self'; img-src 'self' data: blob:; media-src 'self' data: blob:; object-src 'none'; base-uri 'none'";
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.webp': 'image/webp',
};
const ALPHABET = '23456789bcdfghjkmnpqrstvwxz';
const id = (prefix: string, number: number): string =>
  `${prefix}_${ALPHABET.repeat(2).slice(number % 20, (number % 20) + 14)}${String(number).padStart(6, 'w').replaceAll('0', 'x').replaceAll('1', 'z')}`;

/** A conversation with everything around it. */
export interface FakeConversation {
  readonly summary: ConversationSummary;
  /** Newest first. */
  messages: Message[];
  background: LiveConversationBackground;
  /** Null: its provider is no simulator. */
  phone: SimulatedChatDetail | null;
}

/** An error's code, alone or with what is wrong with which fields. */
export type Refusal = ErrorCode | { readonly code: ErrorCode; readonly details: readonly { readonly field: string; readonly message: string }[] };

/** A server that speaks the contract, with a state that a test sets. Every reply is checked against the contract's schemas. */
export interface FakeBacklot extends AsyncDisposable {
  readonly url: string;
  images: Image[];
  templates: Template[];
  sessions: Session[];
  /** What sessions were asked for, the last one last. */
  readonly wanted: CreateSession[];
  /** Whether sessions run on LiveKit, with whatever avatars that brings. */
  isOnLivekit: boolean;
  credentials: AvatarCredential[];
  endpoints: WebhookEndpoint[];
  events: WebhookEvent[];
  conversations: FakeConversation[];
  faults: SimulatorFaults;
  isSignedIn: boolean;
  /** Called for each request; what it returns is sent as an error instead of the answer. Awaited, so a test can hold replies. */
  refuse: (method: string, path: string) => Promise<Refusal | null> | Refusal | null;
  readonly requests: string[];
  addImages(count: number, title?: (index: number) => string): void;
  addTemplate(change?: Partial<Template>): Template;
  addSession(change: Partial<Session>): Session;
  addEndpoint(change?: Partial<WebhookEndpoint>): WebhookEndpoint;
  addConversation(change?: Partial<ConversationSummary>, options?: { readonly messages?: number; readonly isSimulated?: boolean }): FakeConversation;
  /** Lets the other person write. */
  receive(conversation: FakeConversation, body: string): void;
  /** Sends an event to everybody who follows. */
  tell(event: ConversationEvent['event'] | 'chat', data: unknown): void;
  addEvent(type: string, deliveries: readonly Partial<WebhookDelivery>[]): WebhookEvent;
}

/** Starts the fake for a built console. `pictures` are sent in turn for every image. */
export const startFakeBacklot = async (appFolder: string, pictures: readonly Buffer[]): Promise<FakeBacklot> => {
  const makeImage = (index: number, title: string): BackgroundImage =>
    backgroundImage.parse({
      id: id('bg', index),
      title,
      width: 1920,
      height: 1080,
      size_bytes: 812_345,
      media_type: 'image/jpeg',
      sha256: 'ab'.repeat(32),
      image_url: `http://elsewhere.example/v1/background-images/${id('bg', index)}/image?n=${index}`,
      thumbnail_url: `http://elsewhere.example/v1/background-images/${id('bg', index)}/image?width=320&height=180&n=${index}`,
      advice:
        index % 3 === 0 ? [{ code: 'low_resolution', message: 'Enlarged 1.5 times to fill a 1920 × 1080 canvas, so it looks softer than the avatar.' }] : [],
      created_at: new Date(Date.now() - index * 3_600_000).toISOString(),
      updated_at: new Date(Date.now() - index * 3_600_000).toISOString(),
    });
  const json = (response: ServerResponse, status: number, body: unknown): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
  const fail = (response: ServerResponse, refusal: Refusal): void => {
    const { code, details } = typeof refusal === 'string' ? { code: refusal, details: [] } : refusal;
    const { status, message, type } = ERROR_CODES[code];
    json(
      response,
      status,
      errorBody.parse({ error: { code, message, type, details: [...details], request_id: 'req_7kq2mx9cvt4wz8hn3pdr', docs_url: `/docs/errors/${code}` } }),
    );
  };
  const makeDelivery = (change: Partial<WebhookDelivery>): WebhookDelivery =>
    webhookDelivery.parse({
      state: 'pending',
      attempts: 0,
      next_attempt_at: new Date().toISOString(),
      last_status: null,
      last_error: null,
      last_duration_ms: null,
      finished_at: null,
      ...change,
    });
  const identity = me.parse({ organization: { id: 'org_1', name: 'Example' }, via: 'console', version: '0.1.0' });

  const streams = new Set<ServerResponse>();
  const makeMessage = (conversation: ConversationSummary, number: number, body: string, direction: Message['direction'], at: Date): Message =>
    message.parse({
      id: `msg_${number}`,
      body,
      fromNumber: direction === 'inbound' ? conversation.participant : conversation.phoneNumber,
      toNumber: direction === 'inbound' ? conversation.phoneNumber : conversation.participant,
      direction,
      senderIdentifier: direction === 'inbound' ? (conversation.participants[0]?.identifier ?? null) : null,
      channel: conversation.channel,
      mediaUrl: null,
      mediaUrls: [],
      reactions: [],
      replyTo: null,
      receivedAt: at.toISOString(),
    });
  const onPhone = ({ id: messageId, direction, body, senderIdentifier, receivedAt }: Message): SimulatedChatDetail['messages'][number] => ({
    message_id: messageId,
    direction,
    text: body,
    sender: direction === 'inbound' ? senderIdentifier : null,
    sent_at: receivedAt,
  });
  const setWallpaper = (conversation: FakeConversation, setBy: 'program' | 'hand' | null): void => {
    const { phone } = conversation;
    if (phone === null) return;
    phone.wallpaper_version++;
    phone.wallpaper =
      setBy === null
        ? null
        : {
            wallpaper_id: `obj_${phone.wallpaper_version}`,
            media_type: 'image/jpeg',
            size_bytes: 1_000,
            set_by: setBy,
            set_at: new Date().toISOString(),
            url: `/v1/simulator/chats/x/image?n=${phone.wallpaper_version}`,
          };
    fake.tell('chat', { chat_id: phone.chat_id });
  };
  const showBackground = (conversation: FakeConversation, change: Partial<LiveConversationBackground>): LiveConversationBackground => {
    const version = (conversation.background.backgroundVersion ?? 0) + 1;
    conversation.background = liveConversationBackground.parse({
      ...conversation.background,
      image: null,
      imageUrl: null,
      backgroundId: null,
      warnings: [],
      checkedAt: new Date().toISOString(),
      backgroundVersion: version,
      ...change,
    });
    const { hasBackground, imageUrl } = conversation.background;
    Object.assign(conversation.summary, { background: { hasBackground, imageUrl } });
    fake.tell('background', { conversationId: conversation.summary.id, backgroundVersion: version, hasBackground });
    return conversation.background;
  };

  /** Conversations and the simulated phone; false when the request is about something else. */
  const answerConversations = (request: IncomingMessage, response: ServerResponse, body: Buffer, url: URL): boolean => {
    const method = request.method ?? 'GET';
    const path = decodeURIComponent(url.pathname);
    const reply = (status: number, value: unknown): true => {
      json(response, status, value);
      return true;
    };
    const refuse = (code: ErrorCode): true => {
      fail(response, code);
      return true;
    };
    if (path === '/v1/conversation-events' || path === '/v1/simulator/events') {
      streams.add(response);
      response.once('close', () => streams.delete(response));
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': hello\n\n');
      return true;
    }
    if (path === '/v1/conversations') {
      const [limit, offset] = [Number(url.searchParams.get('limit')), Number(url.searchParams.get('offset'))];
      const all = fake.conversations.map(({ summary }) => summary);
      return reply(200, { data: all.slice(offset, offset + limit), hasMore: offset + limit < all.length, total: all.length });
    }
    const [, conversationId, action] = /^\/v1\/conversations\/([^/]+)(?:\/(\w+))?$/.exec(path) ?? [];
    if (conversationId !== undefined) {
      const conversation = fake.conversations.find(({ summary }) => summary.id === conversationId);
      if (conversation === undefined) return refuse('conversation_not_found');
      const { summary } = conversation;
      if (action === 'messages') {
        const before = url.searchParams.get('before');
        const found = conversation.messages.filter(({ receivedAt }) => before === null || receivedAt < before);
        return reply(200, { data: found.slice(0, 50), hasMore: found.length > 50 });
      }
      if (action === 'typing') {
        if (conversation.phone !== null) conversation.phone.typing_until = new Date(Date.now() + 60_000).toISOString();
        if (conversation.phone !== null) fake.tell('chat', { chat_id: conversation.phone.chat_id });
        return reply(200, { conversationId, channel: 'iMessage', status: 'typing indicator sent' });
      }
      if (action === 'background' && method === 'GET') return reply(200, conversation.background);
      if (action === 'background' && method === 'DELETE') {
        showBackground(conversation, { hasBackground: false });
        setWallpaper(conversation, null);
        response.writeHead(204).end();
        return true;
      }
      if (action === 'background') {
        const wanted = JSON.parse(body.toString()) as { background_image?: string; image_url?: string; fit: string };
        if (wanted.image_url?.startsWith('http:') === true) return refuse('invalid_image_url');
        const background = showBackground(conversation, {
          hasBackground: true,
          backgroundId: wanted.background_image ?? id('bg', 900),
          image: { width: 1920, height: 1080, format: 'jpeg', sizeBytes: 812_345 },
          imageUrl: `http://elsewhere.example/v1/background-images/sent/image?n=${Math.max(
            0,
            fake.images.findIndex((image) => image.id === wanted.background_image),
          )}`,
          warnings: [
            { code: 'image_not_portrait', message: 'Phones are upright: the recipient sees a narrow part of it, 74 % of its width is cut off.' },
            {
              code: 'older_systems_show_default',
              message: 'It shows on iOS 26, iPadOS 26 and macOS 26 or later; older systems show their default background.',
            },
          ],
        });
        setWallpaper(conversation, 'program');
        return reply(200, conversationBackground.parse({ ...background, changed: true }));
      }
      return reply(
        200,
        conversationDetail.parse({
          ...summary,
          messages: conversation.messages.slice(0, 1),
          capabilities: { background: { set: true, get: true, remove: true }, typing: true, messages: true },
        }),
      );
    }
    if (path === '/v1/simulator/faults') {
      if (method === 'PUT') fake.faults = simulatorFaults.parse(JSON.parse(body.toString()));
      return reply(200, fake.faults);
    }
    const [, chatId, part] = /^\/v1\/simulator\/chats\/([^/]+)(?:\/(\w+))?$/.exec(path) ?? [];
    if (chatId === undefined) return false;
    const conversation = fake.conversations.find(({ phone }) => phone?.chat_id === chatId);
    if (conversation?.phone == null) return refuse(fake.conversations.some(({ phone }) => phone !== null) ? 'chat_not_found' : 'route_not_found');
    if (part === 'messages') {
      fake.receive(conversation, (JSON.parse(body.toString()) as { text: string }).text);
      return reply(201, conversation.phone.messages.at(-1));
    }
    if (part === 'wallpaper') {
      setWallpaper(conversation, method === 'DELETE' ? null : 'hand');
      conversation.background = {
        ...conversation.background,
        hasBackground: method !== 'DELETE',
        image: null,
        imageUrl: null,
        backgroundId: 'obj_by_hand',
        warnings: [],
      };
    }
    return reply(200, simulatedChatDetail.parse(conversation.phone));
  };

  const livekitAvatars = () => {
    const option = { needs: [], speaks: false, voices: [], available: true, unavailable_reason: null };
    const vendors = [
      { avatar: { provider: 'liveavatar', avatar_id: 'avatar-id' }, needs: ['avatar_id'], title: 'LiveAvatar' },
      { avatar: { provider: 'tavus', pal_id: 'pal-id' }, needs: ['pal_id'], title: 'Tavus' },
      { avatar: { provider: 'simli', face_id: 'face-id' }, needs: ['face_id'], title: 'Simli' },
    ];
    const hasKey = (provider: string): boolean => fake.credentials.some(({ vendor }) => vendor === provider);
    return [
      avatarOption.parse({ ...option, avatar: { provider: 'livekit' }, title: 'A participant of the room' }),
      ...vendors.map((vendor) => {
        const available = hasKey(vendor.avatar.provider);
        return avatarOption.parse({ ...option, ...vendor, available, unavailable_reason: available ? null : 'No API key is stored.' });
      }),
    ];
  };

  const answer = async (request: IncomingMessage, response: ServerResponse, body: Buffer): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://fake');
    const { pathname: path } = url;
    const method = request.method ?? 'GET';
    if (path.startsWith('/console')) {
      const file = extname(path) === '' ? 'index.html' : path.slice('/console/'.length);
      response
        .writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream', 'content-security-policy': POLICY })
        .end(await readFile(join(appFolder, file)));
      return;
    }
    if (path === '/player/backlot-player.js') {
      const stats = JSON.stringify({ framesDrawn: 0, framesDropped: 0, rateFps: 0, codec: null, width: 0, height: 0 });
      const script = `customElements.define('backlot-player', class extends HTMLElement { stats = ${stats}; });`;
      response.writeHead(200, { 'content-type': 'text/javascript' }).end(script);
      return;
    }
    if (path.endsWith('/image')) {
      const picture = pictures[Number(url.searchParams.get('n') ?? 0) % pictures.length];
      response.writeHead(200, { 'content-type': 'image/jpeg', 'cache-control': 'max-age=60' }).end(picture);
      return;
    }
    fake.requests.push(`${method} ${request.url ?? ''}`);
    const refusal = await fake.refuse(method, path);
    if (refusal !== null) return fail(response, refusal);
    if (path === '/v1/console/sign-in') {
      fake.isSignedIn = true;
      return json(response, 200, identity);
    }
    if (!fake.isSignedIn) return fail(response, 'unauthenticated');
    if (answerConversations(request, response, body, url)) return undefined;
    const page = <Item>(items: readonly Item[]): { data: readonly Item[]; next_cursor: string | null; total?: number } => {
      const from = Number(url.searchParams.get('cursor') ?? 0);
      const total = url.searchParams.get('include_total') === 'true' ? { total: items.length } : {};
      return { data: items.slice(from, from + 50), next_cursor: from + 50 < items.length ? String(from + 50) : null, ...total };
    };
    if (path === '/v1/me') return json(response, 200, identity);
    if (path === '/v1/avatars') {
      const option = { needs: [], speaks: true, voices: ['en-us'], available: true, unavailable_reason: null };
      return json(response, 200, {
        data: [
          avatarOption.parse({ ...option, avatar: { provider: 'stand-in' }, title: 'Stand-in' }),
          avatarOption.parse({
            ...option,
            avatar: { provider: 'clip', clip: 'presenter.mp4' },
            title: 'presenter.mp4',
            speaks: false,
            voices: [],
            available: false,
            unavailable_reason: 'ffmpeg is not installed.',
          }),
          ...(fake.isOnLivekit ? livekitAvatars() : []),
        ],
      });
    }
    if (path === '/v1/avatar-credentials') return json(response, 200, { data: fake.credentials });
    const vendor = avatarVendor.safeParse(/^\/v1\/avatar-credentials\/(\w+)$/.exec(path)?.[1]).data;
    if (vendor !== undefined) {
      fake.credentials = fake.credentials.filter((other) => other.vendor !== vendor);
      if (method === 'DELETE') {
        response.writeHead(204).end();
        return;
      }
      const { api_key: apiKey } = JSON.parse(body.toString()) as { api_key: string };
      const stored = avatarCredential.parse({ vendor, display_prefix: apiKey.slice(0, 4), updated_at: new Date().toISOString() });
      fake.credentials.push(stored);
      return json(response, 200, stored);
    }
    if (path === '/v1/webhook-endpoints') {
      if (method !== 'POST') return json(response, 200, page(fake.endpoints));
      const { url: address, event_types } = JSON.parse(body.toString()) as WebhookEndpoint;
      if (!address.startsWith('https://')) return fail(response, 'invalid_webhook_url');
      return json(response, 201, { ...fake.addEndpoint({ url: address, event_types }), secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' });
    }
    if (path === '/v1/webhook-events') {
      const type = url.searchParams.get('type');
      return json(response, 200, page(fake.events.filter((event) => event.type === (type ?? event.type))));
    }
    const [, kind, webhookId = '', action] = /^\/v1\/webhook-(endpoints|events)\/([^/]+)(?:\/(\w+))?$/.exec(path) ?? [];
    if (kind === 'endpoints') {
      const endpoint = fake.endpoints.find((other) => other.id === webhookId);
      if (endpoint === undefined) return fail(response, 'webhook_endpoint_not_found');
      if (action === 'test') return json(response, 202, fake.addEvent('webhook.test', [{ endpoint_id: webhookId }]));
      if (action === 'secret') {
        const expiry = method === 'POST' ? new Date(Date.now() + 86_000_000).toISOString() : null;
        return json(response, 200, {
          secret: method === 'POST' ? 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD' : 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
          previous_secret_expires_at: expiry,
        });
      }
      if (method === 'DELETE') {
        fake.endpoints = fake.endpoints.filter((other) => other !== endpoint);
        response.writeHead(204).end();
        return;
      }
      if (method === 'PATCH') Object.assign(endpoint, JSON.parse(body.toString()), { disabled_reason: null });
      return json(response, 200, endpoint);
    }
    if (kind === 'events') {
      const event = fake.events.find((other) => other.id === webhookId);
      if (event === undefined) return fail(response, 'webhook_event_not_found');
      if (action === 'replay') for (const delivery of event.deliveries) Object.assign(delivery, makeDelivery({ endpoint_id: delivery.endpoint_id }));
      return json(response, method === 'POST' ? 202 : 200, event);
    }
    if (path === '/v1/background-images') {
      if (method === 'POST') {
        const title = /name="title"\r\n\r\n(.*?)\r\n/.exec(body.toString('utf8'))?.[1] ?? 'Untitled';
        const image = { ...makeImage(fake.images.length + 1_000, title), created_at: new Date().toISOString() };
        fake.images.unshift(image);
        return json(response, 201, image);
      }
      const search = url.searchParams.get('search')?.toLowerCase() ?? '';
      const sort = url.searchParams.get('sort') ?? '-created_at';
      const key = (image: Image): string => (sort.endsWith('title') ? image.title.toLowerCase() : image.created_at);
      const sorted = fake.images.filter((image) => image.title.toLowerCase().includes(search)).toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
      return json(response, 200, page(sort.startsWith('-') ? sorted.toReversed() : sorted));
    }
    const imageId = /^\/v1\/background-images\/([^/]+)$/.exec(path)?.[1];
    if (imageId !== undefined) {
      const image = fake.images.find((other) => other.id === imageId);
      if (image === undefined) return fail(response, 'background_image_not_found');
      if (method === 'DELETE') {
        fake.images = fake.images.filter((other) => other !== image);
        response.writeHead(204).end();
        return;
      }
      if (method === 'PATCH') image.title = (JSON.parse(body.toString()) as { title: string }).title;
      return json(response, 200, image);
    }
    const thumbnailOf = (wanted: string | null): string | null => fake.images.find((image) => image.id === wanted)?.thumbnail_url ?? null;
    if (path === '/v1/templates') {
      if (method !== 'POST') return json(response, 200, page(fake.templates));
      const wanted = createTemplate.parse(JSON.parse(body.toString()));
      return json(response, 201, fake.addTemplate({ ...wanted, thumbnail_url: thumbnailOf(wanted.background_image) }));
    }
    const wantedTemplate = /^\/v1\/templates\/([^/]+)$/.exec(path)?.[1];
    if (wantedTemplate !== undefined) {
      const template = fake.templates.find((other) => other.id === wantedTemplate);
      if (template === undefined) return fail(response, 'template_not_found');
      if (method === 'DELETE') {
        fake.templates = fake.templates.filter((other) => other !== template);
        response.writeHead(204).end();
        return;
      }
      if (method === 'PATCH') Object.assign(template, updateTemplate.parse(JSON.parse(body.toString())));
      return json(response, 200, Object.assign(template, { thumbnail_url: thumbnailOf(template.background_image) }));
    }
    if (path === '/v1/sessions' && method === 'GET')
      return json(
        response,
        200,
        page(
          fake.sessions.filter(
            ({ status, background }) =>
              status === (url.searchParams.get('status') ?? status) &&
              background.background_id === (url.searchParams.get('background_image') ?? background.background_id),
          ),
        ),
      );
    if (path === '/v1/sessions') {
      fake.wanted.push(createSession.parse(JSON.parse(body.toString())));
      return json(response, 201, fake.addSession({ status: 'starting' }));
    }
    const session = fake.sessions.find(({ session_id: other }) => path.startsWith(`/v1/sessions/${other}`));
    if (session === undefined) return fail(response, path.startsWith('/v1/sessions/') ? 'session_not_found' : 'route_not_found');
    if (path.endsWith('/events')) {
      const { session_id: sessionId, status, reason, canvas, video_codec: codec } = session;
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(`event: session\ndata: ${JSON.stringify({ session_id: sessionId, status, reason, canvas, video_codec: codec })}\n\n`);
      return;
    }
    if (path.endsWith('/background')) {
      const wanted = method === 'DELETE' ? null : (JSON.parse(body.toString()) as { background_image: string }).background_image;
      const version = session.background.background_version + 1;
      session.background = { ...session.background, background_id: wanted, has_background: wanted !== null, background_version: version };
      return json(response, 200, {
        session_id: session.session_id,
        has_background: wanted !== null,
        changed: true,
        background_id: wanted,
        background_version: version,
      });
    }
    if (method === 'DELETE') {
      session.status = 'ended';
      session.reason = { code: 'requested', message: 'It was ended on request.' };
      response.writeHead(204).end();
      return;
    }
    return json(response, 200, session);
  };

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      answer(request, response, Buffer.concat(chunks)).catch((error: unknown) => response.destroy(error instanceof Error ? error : new Error(String(error))));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const fake: FakeBacklot = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    images: [],
    templates: [],
    sessions: [],
    isOnLivekit: false,
    credentials: [],
    wanted: [],
    endpoints: [],
    events: [],
    conversations: [],
    faults: simulatorFaults.parse({}),
    isSignedIn: true,
    refuse: () => null,
    requests: [],
    addImages: (count, title = (index) => `Picture ${index}`) => {
      for (let index = 0; index < count; index++) fake.images.push(makeImage(index, title(index)));
    },
    addTemplate: (change = {}) => {
      const facts = { avatar: { provider: 'stand-in' }, voice: null, background_image: null, thumbnail_url: null, fit: 'cover' };
      const at = new Date(Date.now() - fake.templates.length * 3_600_000).toISOString();
      const template = templateSchema.parse({
        id: id('tmpl', fake.templates.length),
        title: `Template ${fake.templates.length}`,
        canvas: { width: 1280, height: 720 },
        framing: DEFAULT_FRAMING,
        keying: {},
        render: 'client',
        created_at: at,
        updated_at: at,
        ...facts,
        ...change,
      });
      fake.templates.push(template);
      return template;
    },
    addSession: (change) => {
      const sessionId = id('sess', fake.sessions.length);
      const session = sessionSchema.parse({
        session_id: sessionId,
        status: 'live',
        reason: null,
        avatar: { provider: 'stand-in' },
        canvas: { width: 1280, height: 720 },
        fit: 'cover',
        framing: DEFAULT_FRAMING,
        keying: {},
        render: 'client',
        stage: 'embedded',
        livekit_room: null,
        livekit_identity: null,
        opening: null,
        background: { has_background: false, background_id: null, background_version: 1, image_url: null, color: null },
        speaks: true,
        video_codec: 'VP8',
        viewers: 1,
        stream_url: 'http://fake/whep',
        access_token: 'token',
        player_token: 'token',
        player_url: 'http://fake/player',
        publish_url: null,
        publish_token: null,
        metadata: {},
        created_at: new Date().toISOString(),
        live_at: new Date().toISOString(),
        ended_at: null,
        ...change,
      });
      fake.sessions.unshift(session);
      return session;
    },
    addEndpoint: (change = {}) => {
      const at = new Date().toISOString();
      const facts = { url: 'https://example.com/backlot', event_types: null, enabled: true, disabled_reason: null, created_at: at, updated_at: at };
      const endpoint = webhookEndpoint.parse({ id: id('whe', fake.endpoints.length), ...facts, ...change });
      fake.endpoints.unshift(endpoint);
      return endpoint;
    },
    addConversation: (change = {}, { messages = 3, isSimulated = true } = {}) => {
      const number = fake.conversations.length;
      const address = `+1202555${String(142 + number).padStart(4, '0')}`;
      const summary = conversationSummary.parse({
        id: `conv_${number}`,
        agentId: null,
        phoneNumberId: 'num_1',
        phoneNumber: '+12025550100',
        participant: address,
        participants: [{ identifier: address, name: `Person ${number}` }],
        isGroup: false,
        groupId: null,
        groupName: null,
        groupIconUrl: null,
        channel: 'imessage',
        metadata: null,
        messageCount: messages,
        lastMessageAt: new Date(Date.now() - number * 3_600_000).toISOString(),
        createdAt: new Date(Date.now() - 86_400_000).toISOString(),
        lastMessagePreview: `What was said last, ${number}`,
        background: { hasBackground: false, imageUrl: null },
        ...change,
      });
      const conversation: FakeConversation = {
        summary,
        messages: Array.from({ length: messages }, (_, index) =>
          makeMessage(
            summary,
            number * 1_000 + index,
            `Message ${messages - index}`,
            index % 2 === 0 ? 'inbound' : 'outbound',
            new Date(Date.parse(summary.lastMessageAt) - index * 60_000),
          ),
        ),
        background: liveConversationBackground.parse({
          conversationId: summary.id,
          channel: 'iMessage',
          hasBackground: false,
          changed: false,
          backgroundId: null,
          backgroundVersion: null,
          image: null,
          imageUrl: null,
          warnings: [],
          source: 'provider',
          checkedAt: new Date().toISOString(),
        }),
        phone: null,
      };
      if (isSimulated) {
        conversation.phone = simulatedChatDetail.parse({
          chat_id: summary.groupId ?? summary.participant,
          phone_number: summary.phoneNumber,
          is_group: summary.isGroup,
          group_name: summary.groupName,
          protocol: 'imessage',
          people: summary.participants,
          typing_until: null,
          wallpaper: null,
          wallpaper_version: 0,
          last_message_at: summary.lastMessageAt,
          messages: conversation.messages.map(onPhone).toReversed(),
        });
      }
      fake.conversations.push(conversation);
      return conversation;
    },
    receive: (conversation, text) => {
      const { summary, phone } = conversation;
      const received = makeMessage(summary, 500_000 + conversation.messages.length, text, 'inbound', new Date());
      conversation.messages.unshift(received);
      Object.assign(summary, { lastMessagePreview: text, lastMessageAt: received.receivedAt, messageCount: summary.messageCount + 1 });
      fake.conversations = [conversation, ...fake.conversations.filter((other) => other !== conversation)];
      phone?.messages.push(onPhone(received));
      if (phone !== null) phone.typing_until = null;
      fake.tell('message', { conversationId: summary.id, message: received });
      fake.tell('chat', { chat_id: phone?.chat_id ?? '' });
    },
    tell: (event, data) => {
      for (const stream of streams) stream.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    },
    addEvent: (type, deliveries) => {
      const event = webhookEvent.parse({
        id: id('evt', fake.events.length),
        type,
        data: { session_id: id('sess', 1), status: 'live' },
        deliveries: deliveries.map(makeDelivery),
        created_at: new Date().toISOString(),
      });
      fake.events.unshift(event);
      return event;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return fake;
};
