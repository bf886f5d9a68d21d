import type { ConversationSummary } from '@backlot/client';
import { Link, useNavigate } from '@tanstack/react-router';
import { MessagesSquare } from 'lucide-react';
import type { KeyboardEvent } from 'react';
import { useConversationEvents, useConversations } from '../api/conversations.js';
import { ownAddress } from '../api/own-address.js';
import { Page } from '../shell/page.js';
import type { ApiExample } from '../ui/api-dialog.js';
import { Button } from '../ui/button.js';
import { ErrorNotice } from '../ui/error-notice.js';
import { RelativeTime } from '../ui/relative-time.js';
import { Skeleton } from '../ui/skeleton.js';
import { HEAD, ROW, TABLE } from '../ui/table.js';
import { useMediaQuery } from '../ui/use-media-query.js';
import { ChannelBadges } from './channel-badges.js';
import { conversationTitle } from './describe.js';

/** Messaging → Conversations. */
export const ConversationListPage = () => {
  const query = useConversations();
  useConversationEvents();
  const isWide = useMediaQuery('(min-width: 768px)');
  const pages = query.data?.pages;
  // A conversation that moved up while pages were read is in two of them.
  const conversations = pages === undefined ? undefined : [...new Map(pages.flatMap(({ data }) => data).map((one) => [one.id, one])).values()];
  const total = pages?.[0]?.total ?? 0;
  return (
    <Page title="Conversations" note="Chats with people on their phones, and what stands behind them." trail={[{ label: 'Messaging' }]} api={API_EXAMPLES}>
      {query.error !== null && conversations === undefined ? (
        <ErrorNotice error={query.error} title="The conversations can’t be shown" onRetry={() => void query.refetch()} />
      ) : conversations === undefined ? (
        <div role="status" aria-label="Loading conversations" className="card">
          {[0, 1, 2, 3, 4].map((row) => (
            <div key={row} className="flex h-18 items-center gap-3 border-line px-4 not-last:border-b">
              <Skeleton className="h-12 w-7" />
              <span className="flex flex-1 flex-col gap-2">
                <Skeleton className="h-3 w-40" />
                <Skeleton className="h-3 w-2/3" />
              </span>
            </div>
          ))}
        </div>
      ) : conversations.length === 0 ? (
        <div className="card flex flex-col items-center px-6 py-16 text-center">
          <span className="mb-4 flex size-12 items-center justify-center rounded-lg bg-accent-soft text-accent">
            <MessagesSquare size={22} aria-hidden />
          </span>
          <h2 className="text-lg font-semibold">Nobody has written yet</h2>
          <p className="mt-1 max-w-110 text-ink-soft">As soon as somebody writes to your number, or you to somebody, the conversation is here.</p>
        </div>
      ) : (
        <>
          {isWide ? <Rows conversations={conversations} /> : <Cards conversations={conversations} />}
          <div className="mt-4 flex flex-wrap items-center justify-between gap-3">
            <p className="text-ink-soft">
              {query.hasNextPage ? `${conversations.length} of ${total} conversations` : total === 1 ? '1 conversation' : `All ${total} conversations`}
            </p>
            {query.hasNextPage && (
              <Button disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                {query.isFetchingNextPage ? 'Loading' : 'Load more'}
              </Button>
            )}
          </div>
          {query.error !== null && (
            <div className="mt-4">
              <ErrorNotice error={query.error} title="This list may be old" onRetry={() => void query.refetch()} />
            </div>
          )}
        </>
      )}
    </Page>
  );
};

/** A conversation's background, as small as a thumbnail and as upright as a phone. */
const Thumbnail = ({ background }: Pick<ConversationSummary, 'background'>) => {
  const box = 'h-12 w-7 shrink-0 rounded-sm border border-line';
  if (background?.hasBackground !== true) return <span className={`block bg-sunken ${box}`} title="No background" />;
  if (background.imageUrl === null) return <span className={`chequered block ${box}`} title="A background that Backlot has not set" />;
  return <img src={ownAddress(background.imageUrl)} alt="Background" loading="lazy" className={`chequered object-cover ${box}`} />;
};

const previewOf = ({ lastMessagePreview, messageCount }: ConversationSummary): string =>
  lastMessagePreview !== '' ? lastMessagePreview : messageCount === 0 ? 'No message yet' : 'Attachment';

const Rows = ({ conversations }: { readonly conversations: readonly ConversationSummary[] }) => {
  const navigate = useNavigate();
  const open = (id: string): void => void navigate({ to: '/conversations/$id', params: { id }, search: {} });
  const move = (event: KeyboardEvent<HTMLTableRowElement>, id: string): void => {
    if (event.target !== event.currentTarget) return;
    const row = event.currentTarget;
    if (event.key === 'Enter') open(id);
    else if (event.key === 'ArrowDown') (row.nextElementSibling as HTMLElement | null)?.focus();
    else if (event.key === 'ArrowUp') (row.previousElementSibling as HTMLElement | null)?.focus();
    else return;
    event.preventDefault();
  };
  return (
    <table className={TABLE}>
      <caption className="sr-only">Conversations, newest message first. Arrow keys move between rows, Enter opens.</caption>
      <thead>
        <tr>
          <th scope="col" className={`${HEAD} w-26`}>
            Background
          </th>
          <th scope="col" className={`${HEAD} w-64`}>
            With
          </th>
          <th scope="col" className={HEAD}>
            Last message
          </th>
          <th scope="col" className={`${HEAD} w-34`}>
            When
          </th>
        </tr>
      </thead>
      <tbody>
        {conversations.map((conversation) => (
          <tr
            key={conversation.id}
            tabIndex={0}
            className={`${ROW} h-18 cursor-pointer -outline-offset-2 hover:bg-hover`}
            onClick={(event) => (event.target as Element).closest('a, button') === null && open(conversation.id)}
            onKeyDown={(event) => move(event, conversation.id)}
          >
            <td>
              <Thumbnail background={conversation.background} />
            </td>
            <td>
              <Link
                to="/conversations/$id"
                params={{ id: conversation.id }}
                search={{}}
                title={conversationTitle(conversation)}
                className="block truncate rounded-sm font-medium hover:underline"
              >
                {conversationTitle(conversation)}
              </Link>
              <ChannelBadges conversation={conversation} />
            </td>
            <td className="text-ink-soft">
              <span className="line-clamp-2 wrap-anywhere">{previewOf(conversation)}</span>
            </td>
            <td className="text-ink-soft">
              <RelativeTime time={conversation.lastMessageAt} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
};

const Cards = ({ conversations }: { readonly conversations: readonly ConversationSummary[] }) => (
  <ul className="flex flex-col gap-3">
    {conversations.map((conversation) => (
      <li key={conversation.id} className="card relative flex items-center gap-3 p-3">
        <Thumbnail background={conversation.background} />
        <div className="min-w-0 flex-1">
          <p className="flex items-baseline justify-between gap-2">
            <Link
              to="/conversations/$id"
              params={{ id: conversation.id }}
              search={{}}
              className="min-w-0 truncate rounded-sm font-medium after:absolute after:inset-0"
            >
              {conversationTitle(conversation)}
            </Link>
            <span className="text-sm text-ink-soft">
              <RelativeTime time={conversation.lastMessageAt} />
            </span>
          </p>
          <p className="truncate text-sm text-ink-soft">{previewOf(conversation)}</p>
          <ChannelBadges conversation={conversation} />
        </div>
      </li>
    ))}
  </ul>
);

const API_EXAMPLES: readonly ApiExample[] = [
  {
    title: 'List conversations',
    method: 'GET',
    path: '/v1/conversations?limit=20',
    typescript: 'const { data, hasMore, total } = await backlot.conversations.list({ limit: 20 });',
  },
  {
    title: 'Follow all conversations',
    method: 'GET',
    path: '/v1/conversation-events',
    typescript: 'for await (const { event, data } of backlot.conversations.events()) {\n  console.log(event, data);\n}',
  },
];
