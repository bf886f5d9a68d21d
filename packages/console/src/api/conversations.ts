import type {
  BacklotApiError,
  ConversationBackground,
  ConversationDetail,
  ConversationPage,
  LiveConversationBackground,
  MessagePage,
  SetConversationBackgroundInput,
  TypingStatus,
} from '@backlot/client';
import { type InfiniteData, type QueryClient, useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useBacklot } from './backlot-context.js';

const CONVERSATIONS = 'conversations';
const PAGE_SIZE = 50;

const keys = {
  list: [CONVERSATIONS, 'list'],
  one: (id: string) => [CONVERSATIONS, 'one', id],
  messages: (id: string) => [CONVERSATIONS, 'messages', id],
  background: (id: string) => [CONVERSATIONS, 'background', id],
} as const;

/** The conversations, newest message first, page by page. */
export const useConversations = () => {
  const backlot = useBacklot();
  return useInfiniteQuery<ConversationPage, BacklotApiError, InfiniteData<ConversationPage>, readonly unknown[], number>({
    queryKey: keys.list,
    queryFn: ({ pageParam, signal }) => backlot.conversations.list({ limit: PAGE_SIZE, offset: pageParam, signal }),
    initialPageParam: 0,
    getNextPageParam: (page, pages) => (page.hasMore ? pages.length * PAGE_SIZE : undefined),
  });
};

/** One conversation. */
export const useConversation = (id: string) => {
  const backlot = useBacklot();
  return useQuery<ConversationDetail, BacklotApiError>({
    queryKey: keys.one(id),
    queryFn: ({ signal }) => backlot.conversations.get(id, { messageLimit: 1, signal }),
  });
};

/** A conversation's messages, newest first, older ones page by page. */
export const useMessages = (id: string) => {
  const backlot = useBacklot();
  return useInfiniteQuery<MessagePage, BacklotApiError, InfiniteData<MessagePage>, readonly unknown[], string | undefined>({
    queryKey: keys.messages(id),
    queryFn: ({ pageParam, signal }) =>
      backlot.conversations.messages(id, { limit: PAGE_SIZE, signal, ...(pageParam === undefined ? {} : { before: pageParam }) }),
    initialPageParam: undefined,
    getNextPageParam: (page) => (page.hasMore ? page.data.at(-1)?.receivedAt : undefined),
  });
};

/** A conversation's background, asked of the provider where it can tell. */
export const useConversationBackground = (id: string) => {
  const backlot = useBacklot();
  return useQuery<LiveConversationBackground, BacklotApiError>({
    queryKey: keys.background(id),
    queryFn: ({ signal }) => backlot.conversations.getBackground(id, { signal }),
    // Somebody may change it on a phone, and no event tells.
    refetchOnWindowFocus: 'always',
  });
};

const refreshBackground = async (queries: QueryClient, id: string): Promise<void> => {
  await Promise.all([queries.invalidateQueries({ queryKey: keys.background(id) }), queries.invalidateQueries({ queryKey: keys.list })]);
};

/** Sets a conversation's background. */
export const useSetConversationBackground = (id: string) => {
  const backlot = useBacklot();
  const queries = useQueryClient();
  return useMutation<ConversationBackground, BacklotApiError, SetConversationBackgroundInput>({
    mutationFn: (background) => backlot.conversations.setBackground(id, background),
    onSettled: async () => refreshBackground(queries, id),
  });
};

/** Removes a conversation's background. */
export const useRemoveConversationBackground = (id: string) => {
  const backlot = useBacklot();
  const queries = useQueryClient();
  return useMutation<void, BacklotApiError>({
    mutationFn: () => backlot.conversations.removeBackground(id),
    onSettled: async () => refreshBackground(queries, id),
  });
};

/** Shows the other person that an answer is being written. */
export const useShowTyping = (id: string) => {
  const backlot = useBacklot();
  return useMutation<TypingStatus, BacklotApiError>({ mutationFn: () => backlot.conversations.showTyping(id) });
};

/** Keeps everything about conversations as it is on the server, for as long as a page shows it. */
export const useConversationEvents = (): void => {
  const backlot = useBacklot();
  const queries = useQueryClient();
  useEffect(() => {
    const abort = new AbortController();
    const follow = async (): Promise<void> => {
      let isFirst = true;
      const onOpen = (): void => {
        // What happened while the stream was away is not told again.
        if (!isFirst) void queries.invalidateQueries({ queryKey: [CONVERSATIONS] });
        isFirst = false;
      };
      for await (const { event, data } of backlot.conversations.events({ signal: abort.signal, onOpen })) {
        const { conversationId: id } = data;
        void queries.invalidateQueries({ queryKey: keys.list });
        if (event === 'message') void queries.invalidateQueries({ queryKey: keys.messages(id) });
        else void queries.invalidateQueries({ queryKey: event === 'background' ? keys.background(id) : keys.one(id) });
      }
    };
    // A refusal shows where the page's own queries meet it.
    follow().catch(() => undefined);
    return () => abort.abort();
  }, [backlot, queries]);
};
