import { z } from 'zod';
import { toError } from '../../errors.js';
import type { AvatarProvider } from '../port.js';
import { createVendorAvatars, endQuietly, type VendorAccount, type VendorAvatarsOptions, type VendorSession, type VendorStart } from '../vendor-avatars.js';
import { VendorError } from '../vendor-client.js';

const TITLE = 'LiveAvatar';
/** It ends a session that nobody has kept alive for 5 minutes. */
const KEEP_ALIVE_MS = 60_000;

const tokenAnswer = z.object({ data: z.object({ session_id: z.string().min(1), session_token: z.string().min(1) }) });
/** The envelope's `code` differs between its pages; the status tells enough. */
const anyAnswer = z.unknown();

export interface LiveAvatarAvatarsOptions extends VendorAvatarsOptions {
  /** Default: every minute. */
  readonly keepAliveMs?: number;
}

/** LiveAvatar's LITE sessions, which bring no conversation of their own. */
export const createLiveAvatarAvatars = (options: LiveAvatarAvatarsOptions): AvatarProvider => {
  /** What a later process can do as well: with the account's key, by the session's id. */
  const hold = ({ client, apiKey, log }: VendorAccount, sessionId: string, { observer }: VendorStart): VendorSession => {
    const headers = { 'x-api-key': apiKey };
    const abort = new AbortController();
    const stay = async (): Promise<void> => {
      try {
        const call = { operation: 'keep session alive', method: 'POST', path: '/v1/sessions/keep-alive', headers } as const;
        await client.call({ ...call, json: { session_id: sessionId }, answer: anyAnswer, isRepeatable: true, signal: abort.signal });
      } catch (thrown) {
        if (abort.signal.aborted) return;
        if (!(thrown instanceof VendorError) || thrown.code !== 'avatar_vendor_refused') {
          // There are some more before the vendor gives up.
          log.warn({ err: toError(thrown) }, 'LiveAvatar was not told to keep its session');
          return;
        }
        release();
        observer.failed('avatar_failed', 'LiveAvatar has ended its session.');
      }
    };
    const timer = setInterval(() => void stay(), options.keepAliveMs ?? KEEP_ALIVE_MS);
    const release = (): void => {
      clearInterval(timer);
      abort.abort();
    };
    return { release, end: async (signal) => stop({ client, apiKey }, sessionId, signal) };
  };

  const stop = async ({ client, apiKey }: Pick<VendorAccount, 'client' | 'apiKey'>, sessionId: string, signal: AbortSignal): Promise<unknown> =>
    client.call({
      operation: 'stop session',
      method: 'POST',
      path: '/v1/sessions/stop',
      headers: { 'x-api-key': apiKey },
      json: { session_id: sessionId, reason: 'USER_CLOSED' },
      answer: anyAnswer,
      isRepeatable: true,
      signal,
    });

  return createVendorAvatars(
    {
      provider: 'liveavatar',
      title: TITLE,
      baseUrl: 'https://api.liveavatar.com',
      example: { provider: 'liveavatar', avatar_id: 'avatar-id' },
      needs: ['avatar_id'],
      open: async (account, { avatar_id: avatarId, is_sandbox: isSandbox = false }, start) => {
        if (start.reference !== null) return hold(account, start.reference, start);
        const { client, apiKey, log } = account;
        const { livekit, signal } = start;
        const { data } = await client.call({
          operation: 'create session token',
          method: 'POST',
          path: '/v1/sessions/token',
          headers: { 'x-api-key': apiKey },
          json: {
            mode: 'LITE',
            avatar_id: avatarId,
            is_sandbox: isSandbox,
            livekit_config: { livekit_url: livekit.url, livekit_room: livekit.room, livekit_client_token: livekit.token },
          },
          answer: tokenAnswer,
          // A token that is not used starts nothing.
          isRepeatable: true,
          signal,
        });
        await start.remember(data.session_id);
        try {
          await client.call({
            operation: 'start session',
            method: 'POST',
            path: '/v1/sessions/start',
            headers: { authorization: `Bearer ${data.session_token}` },
            json: { session_id: data.session_id },
            answer: anyAnswer,
            isRepeatable: false,
            signal,
          });
        } catch (error) {
          await endQuietly(TITLE, log, async (within) => stop(account, data.session_id, within));
          throw error;
        }
        return hold(account, data.session_id, start);
      },
    },
    options,
  );
};
