/** A chat's guid taken apart. */
interface ChatGuid {
  /** `iMessage`, `SMS`, `RCS`, or `any`, which is all that macOS 26 writes. */
  readonly service: string;
  readonly isGroup: boolean;
  /** A phone number or e-mail address; of a group something like `chat42`. */
  readonly address: string;
}

/** Takes apart `iMessage;-;+15550123` (one person) and `any;+;chat42` (group); null: neither. */
export const parseChatGuid = (guid: string): ChatGuid | null => {
  const [, service, sign, address] = /^([A-Za-z]+);([-+]);(.+)$/s.exec(guid) ?? [];
  return service === undefined || address === undefined ? null : { service, isGroup: sign === '+', address };
};

const withService = (service: string, { isGroup, address }: ChatGuid): string => `${service};${isGroup ? '+' : '-'};${address}`;

/**
 * The id by which we know a chat: its guid, with `iMessage` for `any`, so that a chat stays the same when its Mac is
 * brought to macOS 26, which renames all of them.
 */
export const chatIdOf = (guid: string): string => {
  const parsed = parseChatGuid(guid);
  return parsed?.service === 'any' ? withService('iMessage', parsed) : guid;
};

/** What a server may call a chat, likeliest first. */
export const guidsOf = (chatId: string): readonly string[] => {
  const parsed = parseChatGuid(chatId);
  return parsed === null ? [chatId] : [chatId, withService('any', parsed)];
};

/** The names under which the server was seen to know chats; of 10 000 at most, the oldest is forgotten first. */
export class KnownGuids {
  readonly #guids = new Map<string, string>();
  readonly #maxChats: number;

  constructor(maxChats = 10_000) {
    this.#maxChats = maxChats;
  }

  has(chatId: string): boolean {
    return this.#guids.has(chatId);
  }

  /** Keeps the name under which a chat was just seen. */
  remember(guid: string): void {
    const chatId = chatIdOf(guid);
    this.#guids.delete(chatId);
    this.#guids.set(chatId, guid);
    const [oldest] = this.#guids.keys();
    if (this.#guids.size > this.#maxChats && oldest !== undefined) this.#guids.delete(oldest);
  }

  /** Names to try, the one that was seen last first. */
  candidates(chatId: string): readonly string[] {
    const known = this.#guids.get(chatId);
    return known === undefined ? guidsOf(chatId) : [known, ...guidsOf(chatId).filter((guid) => guid !== known)];
  }
}
