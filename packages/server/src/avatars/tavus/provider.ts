import { z } from 'zod';
import type { AvatarProvider } from '../port.js';
import { createVendorAvatars, endQuietly, type VendorAccount, type VendorAvatarsOptions, type VendorSession } from '../vendor-avatars.js';
import { VendorError } from '../vendor-client.js';

const TITLE = 'Tavus';
/** Conversations that it lists at once; whoever looks for a lost one looks among the newest. */
const LIST_LIMIT = 100;

const conversation = z.object({ conversation_id: z.string().min(1) });
const conversationList = z.object({ data: z.array(conversation.extend({ conversation_name: z.string().nullish() })) });
const anyAnswer = z.unknown();

/** What is remembered before the vendor is asked; afterwards it is the conversation's id. */
const ASKED = 'asked';

/** Tavus conversations, on its green screen. */
export const createTavusAvatars = (options: VendorAvatarsOptions): AvatarProvider => {
  const end = async ({ client, apiKey }: VendorAccount, conversationId: string, signal: AbortSignal): Promise<unknown> =>
    client.call({
      operation: 'end conversation',
      method: 'POST',
      path: `/v2/conversations/${encodeURIComponent(conversationId)}/end`,
      headers: { 'x-api-key': apiKey },
      answer: anyAnswer,
      isRepeatable: true,
      signal,
    });

  /** Conversations of a session whose id never arrived here: they carry the session's name. */
  const findByName = async ({ client, apiKey }: VendorAccount, name: string, signal: AbortSignal): Promise<string[]> => {
    const { data } = await client.call({
      operation: 'list conversations',
      method: 'GET',
      path: `/v2/conversations?status=active&limit=${LIST_LIMIT}`,
      headers: { 'x-api-key': apiKey },
      answer: conversationList,
      isRepeatable: true,
      signal,
    });
    return data.filter(({ conversation_name }) => conversation_name === name).map(({ conversation_id }) => conversation_id);
  };

  const endByName = async (account: VendorAccount, name: string, signal: AbortSignal): Promise<void> => {
    for (const conversationId of await findByName(account, name, signal)) await end(account, conversationId, signal);
  };

  const hold = (account: VendorAccount, conversationId: string): VendorSession => ({ end: async (signal) => end(account, conversationId, signal) });

  return createVendorAvatars(
    {
      provider: 'tavus',
      title: TITLE,
      baseUrl: 'https://tavusapi.com',
      example: { provider: 'tavus', pal_id: 'pal-id' },
      needs: ['pal_id'],
      open: async (account, { pal_id: palId, face_id: faceId }, { sessionId, livekit, reference, remember, signal }) => {
        const { client, apiKey, log } = account;
        if (reference !== null && reference !== ASKED) return hold(account, reference);
        if (reference === ASKED) {
          const [found] = await findByName(account, sessionId, signal);
          if (found !== undefined) {
            await remember(found);
            return hold(account, found);
          }
        }
        await remember(ASKED);
        try {
          const { conversation_id: conversationId } = await client.call({
            operation: 'create conversation',
            method: 'POST',
            path: '/v2/conversations',
            headers: { 'x-api-key': apiKey },
            json: {
              pal_id: palId,
              ...(faceId === undefined ? {} : { face_id: faceId }),
              conversation_name: sessionId,
              properties: { apply_greenscreen: true, livekit_ws_url: livekit.url, livekit_room_token: livekit.token },
            },
            answer: conversation,
            isRepeatable: false,
            signal,
          });
          try {
            await remember(conversationId);
          } catch (error) {
            await endQuietly(TITLE, log, async (within) => end(account, conversationId, within));
            throw error;
          }
          return hold(account, conversationId);
        } catch (error) {
          if (error instanceof VendorError && error.mayBeDone) await endQuietly(TITLE, log, async (within) => endByName(account, sessionId, within));
          throw error;
        }
      },
    },
    options,
  );
};
