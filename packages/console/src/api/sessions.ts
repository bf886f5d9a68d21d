import type { AvatarOption, BacklotApiError, CountedPage, CreateSessionInput, Session, SessionStatus } from '@backlot/client';
import { type InfiniteData, useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useBacklot } from './backlot-context.js';

const SESSIONS = 'sessions';
/** How often a list with sessions on air is read anew, in milliseconds. */
const REFRESH_MS = 5_000;

/** Whether a session is on air. */
export const isOnAir = (status: SessionStatus): boolean => status === 'starting' || status === 'live';

/** The sessions, newest first, kept up to date. */
export const useSessions = (status: SessionStatus | undefined) => {
  const backlot = useBacklot();
  return useInfiniteQuery<CountedPage<Session>, BacklotApiError, InfiniteData<CountedPage<Session>>, readonly unknown[], string | undefined>({
    queryKey: [SESSIONS, 'list', status ?? 'all'],
    queryFn: ({ pageParam, signal }) =>
      backlot.sessions.list({
        signal,
        includeTotal: true,
        ...(status === undefined ? {} : { status }),
        ...(pageParam === undefined ? {} : { cursor: pageParam }),
      }),
    initialPageParam: undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    placeholderData: (previous) => previous,
    refetchInterval: REFRESH_MS,
  });
};

/** The sessions on air in front of an image of the library, kept up to date. */
export const useSessionsUsing = (backgroundImage: string) => {
  const backlot = useBacklot();
  return useQuery<readonly Session[], BacklotApiError>({
    queryKey: [SESSIONS, 'using', backgroundImage],
    queryFn: async ({ signal }) => {
      const [live, starting] = await Promise.all([
        backlot.sessions.list({ signal, backgroundImage, status: 'live' }),
        backlot.sessions.list({ signal, backgroundImage, status: 'starting' }),
      ]);
      return [...live.data, ...starting.data];
    },
    refetchInterval: REFRESH_MS,
  });
};

/** One session. */
export const useSession = (id: string) => {
  const backlot = useBacklot();
  return useQuery<Session, BacklotApiError>({ queryKey: [SESSIONS, 'one', id], queryFn: ({ signal }) => backlot.sessions.get(id, { signal }) });
};

/** Puts a session on air. */
export const useCreateSession = () => {
  const backlot = useBacklot();
  const queries = useQueryClient();
  return useMutation<Session, BacklotApiError, CreateSessionInput>({
    mutationFn: (input) => backlot.sessions.create(input),
    onSuccess: (session) => {
      queries.setQueryData([SESSIONS, 'one', session.session_id], session);
      return queries.invalidateQueries({ queryKey: [SESSIONS, 'list'] });
    },
  });
};

/** Ends a session. */
export const useEndSession = () => {
  const backlot = useBacklot();
  const queries = useQueryClient();
  return useMutation<void, BacklotApiError, string>({
    mutationFn: (id) => backlot.sessions.end(id),
    onSuccess: () => queries.invalidateQueries({ queryKey: [SESSIONS] }),
  });
};

/** Who can appear, and who can't and why. */
export const useAvatars = () => {
  const backlot = useBacklot();
  return useQuery<readonly AvatarOption[], BacklotApiError>({ queryKey: ['avatars'], queryFn: ({ signal }) => backlot.avatars.list({ signal }) });
};
