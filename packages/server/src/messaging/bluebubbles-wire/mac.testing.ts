import type { WireReply, WireRequest } from '../../http/wire-server.testing.js';

/** A chat in the Mac's database. Guids are compared letter by letter, as the server does. */
export interface MacChat {
  guid: string;
  displayName: string;
  readonly participants: readonly { readonly address: string; readonly service: string }[];
}

/** A message in the Mac's database, in the shape of BlueBubbles' answers; `chatGuid` is ours. */
export interface MacMessage {
  readonly guid: string;
  readonly chatGuid: string;
  readonly text: string | null;
  readonly from: { readonly address: string; readonly service: string } | null;
  readonly dateCreated: number;
  readonly attachments?: readonly { readonly guid: string; readonly hideAttachment?: boolean }[];
  readonly itemType?: number;
  readonly groupActionType?: number;
  readonly associatedMessageGuid?: string;
  readonly associatedMessageType?: string;
  readonly threadOriginatorGuid?: string;
}

const fail = (status: number, type: string, error: string, message = 'The server has encountered an error'): WireReply => ({
  status,
  body: { status, message, error: { type, message: error } },
});
const notFound = (what: string): WireReply => fail(404, 'Database Error', `${what} does not exist!`, 'The requested resource was not found');
const success = (data?: unknown): WireReply => ({ body: { status: 200, message: 'Success', ...(data === undefined ? {} : { data }) } });

const handleOf = ({ address, service }: { readonly address: string; readonly service: string }): unknown => ({
  originalROWID: 1,
  address,
  service,
  uncanonicalizedId: null,
  country: 'us',
});

/**
 * A Mac behind BlueBubbles' wire, with what is odd about it: exact guids, pages sorted only within themselves, answers
 * of 1.9.9 where it differs from what one would think. Photon's server is the same with backgrounds.
 */
export class Mac {
  readonly chats: MacChat[] = [
    {
      guid: 'iMessage;+;chat42',
      displayName: 'Film night',
      participants: [
        { address: '+15550124', service: 'iMessage' },
        { address: 'cleo@example.com', service: 'iMessage' },
      ],
    },
    { guid: 'iMessage;-;+15550123', displayName: '', participants: [{ address: '+15550123', service: 'iMessage' }] },
    { guid: 'SMS;-;+15550130', displayName: '', participants: [{ address: '+15550130', service: 'SMS' }] },
  ];
  readonly messages: MacMessage[] = [];
  readonly backgrounds = new Map<string, { readonly id: string; readonly fileData: string }>();
  readonly webhooks: { readonly id: number; readonly url: string; readonly events: readonly string[] }[] = [];
  /** Guids to which typing was shown: only those that exist show anything. */
  readonly typing: string[] = [];
  version = '1.9.9';
  isPrivateApiOn = true;
  isHelperConnected = true;
  /** Photon's server has backgrounds; BlueBubbles has not. */
  hasBackgrounds = false;
  /** How often the question for a background is answered with the state from before the change. */
  staleAnswers = 0;
  /** Whether removing a background that is not there is an error. */
  refusesNeedlessRemoval = false;
  /** Whether participants of groups come with messages. */
  tellsParticipants = true;
  #changes = 0;

  readonly answer = (request: WireRequest): WireReply => {
    const { pathname, searchParams } = new URL(request.path, 'http://mac');
    const [, , , area = '', id = '', action = ''] = pathname.split('/').map((part) => decodeURIComponent(part));
    const body = (request.body.length === 0 ? {} : JSON.parse(String(request.body))) as Record<string, unknown>;
    switch (area) {
      case 'server':
        return success({
          computer_id: 'mac',
          os_version: '26.1',
          server_version: this.version,
          private_api: this.isPrivateApiOn,
          helper_connected: this.isHelperConnected,
        });
      case 'webhook':
        return this.#webhook(request.method, id, body);
      case 'message':
        return id === 'query' ? this.#queryMessages(body) : this.#message(id);
      case 'chat':
        return id === 'query' ? this.#queryChats(body) : this.#chat(request.method, id, action, body, searchParams);
      default:
        return { status: 404, body: 'Not Found' };
    }
  };

  /** A message in the shape of the answers. */
  readonly message = (given: MacMessage): Record<string, unknown> => {
    const chat = this.chats.find(({ guid }) => guid === given.chatGuid);
    const { guid, text, from, dateCreated, attachments = [], itemType = 0, groupActionType = 0 } = given;
    return {
      originalROWID: this.messages.indexOf(given) + 1,
      guid,
      text,
      attributedBody: null,
      handle: from === null ? null : handleOf(from),
      attachments,
      dateCreated,
      isFromMe: from === null,
      itemType,
      groupActionType,
      groupTitle: null,
      error: 0,
      associatedMessageGuid: given.associatedMessageGuid ?? null,
      associatedMessageType: given.associatedMessageType ?? null,
      threadOriginatorGuid: given.threadOriginatorGuid ?? null,
      replyToGuid: 'the-one-before-it',
      chats: chat === undefined ? [] : [this.#serialize(chat, this.tellsParticipants && chat.guid.includes(';+;'))],
    };
  };

  #serialize({ guid, displayName, participants }: MacChat, hasParticipants: boolean): Record<string, unknown> {
    return {
      originalROWID: 1,
      guid,
      style: guid.includes(';+;') ? 43 : 45,
      chatIdentifier: guid.split(';')[2],
      isArchived: false,
      displayName,
      ...(hasParticipants ? { participants: participants.map(handleOf) } : {}),
    };
  }

  #webhook(method: string, id: string, { url, events }: Record<string, unknown>): WireReply {
    if (method === 'DELETE') {
      const index = this.webhooks.findIndex((webhook) => String(webhook.id) === id);
      if (index < 0) return notFound('Webhook');
      this.webhooks.splice(index, 1);
      return success();
    }
    const known = this.webhooks.find((webhook) => webhook.url === url);
    const webhook = known ?? { id: this.webhooks.length + 1, url: String(url), events: events as string[] };
    if (known === undefined) this.webhooks.push(webhook);
    return success(webhook);
  }

  #message(guid: string): WireReply {
    const found = this.messages.find((message) => message.guid === guid);
    return found === undefined ? notFound('Message') : success(this.message(found));
  }

  #queryMessages({ after = 0, limit = 100, offset = 0, sort = 'DESC' }: Record<string, unknown>): WireReply {
    const found = this.messages
      .filter(({ dateCreated }) => dateCreated >= Number(after))
      .sort((left, right) => (sort === 'ASC' ? left.dateCreated - right.dateCreated : right.dateCreated - left.dateCreated));
    return success(found.slice(Number(offset), Number(offset) + Number(limit)).map(this.message));
  }

  #queryChats({ limit = 1000, offset = 0 }: Record<string, unknown>): WireReply {
    const newestOf = (chat: MacChat): MacMessage | undefined =>
      this.messages.filter(({ chatGuid }) => chatGuid === chat.guid).sort((left, right) => right.dateCreated - left.dateCreated)[0];
    const page = this.chats.slice(Number(offset), Number(offset) + Number(limit));
    page.sort((left, right) => (newestOf(right)?.dateCreated ?? 0) - (newestOf(left)?.dateCreated ?? 0));
    return success(
      page.map((chat) => {
        const newest = newestOf(chat);
        return { ...this.#serialize(chat, true), lastMessage: newest === undefined ? null : this.message(newest) };
      }),
    );
  }

  #chat(method: string, guid: string, action: string, body: Record<string, unknown>, query: URLSearchParams): WireReply {
    const chat = this.chats.find((candidate) => candidate.guid === guid);
    if (action === 'typing') {
      const refusal = this.#privateApiRefusal();
      if (refusal !== null) return refusal;
      // Whatever the method and whether the chat exists: 1.9.9 says that it did it.
      if (chat !== undefined) this.typing.push(guid);
      return success();
    }
    if (action === 'background' && this.hasBackgrounds) return this.#background(method, chat, guid, body);
    if (action === 'background') {
      // 1.9.9 has no such route, but one that deletes messages: `DELETE /chat/:guid/:messageGuid`.
      return method === 'DELETE' ? notFound('Message') : { status: 404, body: 'Not Found' };
    }
    if (chat === undefined) return notFound('Chat');
    if (method === 'PUT') {
      const refusal = this.#privateApiRefusal();
      if (refusal !== null) return refusal;
      chat.displayName = String(body['displayName']);
    }
    return success(this.#serialize(chat, method === 'PUT' || query.get('with') === 'participants'));
  }

  #privateApiRefusal(): WireReply | null {
    const message = 'Please make sure you have completed the setup for the Private API, and your helper is connected!';
    if (!this.isPrivateApiOn) return fail(500, 'iMessage Error', 'iMessage Private API is not enabled!', message);
    return this.isHelperConnected ? null : fail(500, 'iMessage Error', 'iMessage Private API Helper is not connected!', message);
  }

  #background(method: string, chat: MacChat | undefined, guid: string, { fileData }: Record<string, unknown>): WireReply {
    if (chat === undefined) return notFound('Chat');
    if (method === 'POST') this.backgrounds.set(guid, { id: `bg-${++this.#changes}`, fileData: String(fileData) });
    if (method === 'DELETE' && !this.backgrounds.delete(guid) && this.refusesNeedlessRemoval) return fail(500, 'iMessage Error', 'No background set');
    if (method !== 'GET') return success();
    const isStale = this.staleAnswers > 0;
    if (isStale) this.staleAnswers--;
    const background = this.backgrounds.get(guid);
    const hasBackground = isStale ? background === undefined : background !== undefined;
    return success({ hasBackground, backgroundChannelGUID: null, imageUrl: null, backgroundId: hasBackground ? (background?.id ?? 'bg-old') : null });
  }
}
