import { z } from 'zod';

// Source: BlueBubblesApp/bluebubbles-server 1.9.9, api/serializers and api/http; photon-hq/advanced-imessage-kit 1.15, types.

/** What every answer looks like; `data` where there is something to tell. */
export const envelope = z.object({ status: z.number(), message: z.string().nullish() });

/** An answer other than 2xx. `type`: `Database Error` (not found), `iMessage Error`, `Validation Error` … */
export const errorAnswer = z.object({
  message: z.string().nullish(),
  error: z.object({ type: z.string().nullish(), message: z.string().nullish() }).nullish(),
});

/** Answer to the question for a background. */
export const backgroundAnswer = z.object({
  data: z.object({ hasBackground: z.boolean(), backgroundId: z.string().nullish(), backgroundChannelGUID: z.string().nullish() }),
});

const handle = z.object({ address: z.string().min(1), service: z.string().nullish() });

/** A chat: `displayName` is a group's name, empty where it has none. Participants are everybody but us. */
export const chat = z.object({
  guid: z.string().min(1),
  displayName: z.string().nullish(),
  participants: z.array(handle).nullish(),
});

/** A chat of the list, with its newest message. */
export const listedChat = chat.extend({
  lastMessage: z.object({ dateCreated: z.number().nullish(), handle: handle.nullish() }).nullish(),
});

/** A message; times are milliseconds since 1970. */
export const message = z.object({
  guid: z.string().min(1),
  text: z.string().nullish(),
  handle: handle.nullish(),
  chats: z.array(chat).nullish(),
  attachments: z.array(z.object({ guid: z.string().min(1), hideAttachment: z.boolean().nullish() })).nullish(),
  dateCreated: z.number(),
  isFromMe: z.boolean(),
  /** 0: what somebody wrote. Anything else happened to the chat. */
  itemType: z.number().nullish(),
  groupActionType: z.number().nullish(),
  /** The message that this one reacts to, with a prefix such as `p:0/`. */
  associatedMessageGuid: z.string().nullish(),
  associatedMessageType: z.union([z.string(), z.number()]).nullish(),
  /** The message that this one answers. `replyToGuid` is another thing: the message before it. */
  threadOriginatorGuid: z.string().nullish(),
});

/** Answers that carry one thing, or a page of things which are read one by one: an odd one spoils no page. */
export const chatAnswer = z.object({ data: chat });
/** Answer to the question for a message. */
export const messageAnswer = z.object({ data: z.unknown() });
/** A page. */
export const pageAnswer = z.object({ data: z.array(z.unknown()) });

/** Answer to the question for the server itself. */
export const serverInfoAnswer = z.object({
  data: z.object({
    server_version: z.string(),
    os_version: z.string().nullish(),
    /** Whether it is switched on. */
    private_api: z.boolean(),
    /** Whether it is there: it needs code in Messages. */
    helper_connected: z.boolean().nullish(),
  }),
});

/** Answer to the registration of a webhook, which returns the one that exists when the address is known. */
export const webhookAnswer = z.object({ data: z.object({ id: z.number() }) });

/** A webhook delivery; what it says of the message is read from the server, for it bears no signature. */
export const delivery = z.object({ type: z.string(), data: z.unknown() });
/** All that we take from a delivery. */
export const deliveredMessage = z.object({ guid: z.string().min(1).max(200) });
