import type { ConversationSummary } from '@backlot/client';
import { Link, useNavigate } from '@tanstack/react-router';
import { MessagesSquare } from 'lucide-react';
import { useConversationEvents, useConversations } from '../api/conversations.js';
import { ownAddress } from '../api/own-address.js';
import { Page } from '../shell/page.js';
import type { ApiExample } from '../ui/api-dialog.js';
import { EmptyState } from '../ui/empty-state.js';
import { OpenableRow } from '../ui/openable-row.js';
import { PagedList } from '../ui/paged-list.js';
import { RelativeTime } from '../ui/relative-time.js';
import { Skeleton } from '../ui/skeleton.js';
import { HEAD, TABLE } from '../ui/table.js';
import { useMediaQuery } from '../ui/use-media-query.js';
import { ChannelBadges } from './channel-badges.js';
import { conversationTitle } from './describe.js';
import { Wallpaper } from './wallpaper.js';

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
      <PagedList
        query={query}
        items={conversations}
        failure="The conversations can’t be shown"
        skeleton={<ConversationsSkeleton />}
        empty={
          <EmptyState
            icon={<MessagesSquare size={22} aria-hidden />}
            title="Nobody has written yet"
            text="As soon as somebody writes to your number, or you to somebody, the conversation is here."
          />
        }
        countOf={({ length }) => (query.hasNextPage ? `${length} of ${total} conversations` : total === 1 ? '1 conversation' : `All ${total} conversations`)}
      >
        {(shown) => (isWide ? <Rows conversations={shown} /> : <Cards conversations={shown} />)}
      </PagedList>
    </Page>
  );
};

const ConversationsSkeleton = () => (
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
);

/** A conversation's background as its recipient sees it, as small as a thumbnail and as upright as a phone. */
const Thumbnail = ({ background }: Pick<ConversationSummary, 'background'>) => {
  const box = 'relative block h-12 w-7 shrink-0 overflow-hidden rounded-sm border border-line';
  if (background?.hasBackground !== true) return <span className={`bg-sunken ${box}`} title="No background" />;
  if (background.imageUrl === null) return <span className={`chequered ${box}`} title="A background that Backlot has not set" />;
  return (
    <span className={`chequered ${box}`}>
      <Wallpaper src={ownAddress(background.imageUrl)} alt="Background" framing="zoomed" />
    </span>
  );
};

const previewOf = ({ lastMessagePreview, messageCount }: ConversationSummary): string =>
  lastMessagePreview !== '' ? lastMessagePreview : messageCount === 0 ? 'No message yet' : 'Attachment';

const Rows = ({ conversations }: { readonly conversations: readonly ConversationSummary[] }) => {
  const navigate = useNavigate();
  const open = (id: string): void => void navigate({ to: '/conversations/$id', params: { id }, search: {} });
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
          <OpenableRow key={conversation.id} className="h-18" onOpen={() => open(conversation.id)}>
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
          </OpenableRow>
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
