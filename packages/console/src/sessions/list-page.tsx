import type { Session, SessionStatus } from '@backlot/client';
import { Link, useNavigate } from '@tanstack/react-router';
import { Plus, Radio } from 'lucide-react';
import { ownAddress } from '../api/own-address.js';
import { useSessions } from '../api/sessions.js';
import { Page } from '../shell/page.js';
import { useConsoleSearch } from '../shell/search.js';
import type { ApiExample } from '../ui/api-dialog.js';
import { buttonClasses } from '../ui/button.js';
import { CopyButton } from '../ui/copy-button.js';
import { EmptyState } from '../ui/empty-state.js';
import { OpenableRow } from '../ui/openable-row.js';
import { describeCount, PagedList } from '../ui/paged-list.js';
import { RelativeTime } from '../ui/relative-time.js';
import { Skeleton } from '../ui/skeleton.js';
import { StatusPill } from '../ui/status-pill.js';
import { HEAD, ROW, TABLE } from '../ui/table.js';
import { useMediaQuery } from '../ui/use-media-query.js';
import { describeAvatar } from './describe-avatar.js';

const FILTERS: readonly { readonly value: SessionStatus | undefined; readonly label: string }[] = [
  { value: undefined, label: 'All' },
  { value: 'live', label: 'Live' },
  { value: 'starting', label: 'Connecting' },
  { value: 'ended', label: 'Ended' },
  { value: 'failed', label: 'Failed' },
];

/** On air → Sessions. */
export const SessionListPage = () => {
  const [{ status }, change] = useConsoleSearch();
  const query = useSessions(status);
  const isWide = useMediaQuery('(min-width: 768px)');
  const sessions = query.data?.pages.flatMap(({ data }) => data);
  return (
    <Page
      title="Sessions"
      note="One AI human on air each, in front of a background of your choice."
      trail={[{ label: 'On air' }]}
      api={API_EXAMPLES}
      actions={
        <Link to="/sessions/new" search={{}} className={buttonClasses('primary')}>
          <Plus size={16} aria-hidden />
          New session
        </Link>
      }
    >
      {(status !== undefined || sessions === undefined || sessions.length > 0) && (
        <div role="group" aria-label="Filter by status" className="mb-4 flex flex-wrap gap-1">
          {FILTERS.map(({ value, label }) => (
            <button
              key={label}
              type="button"
              aria-pressed={status === value}
              className="h-8 rounded-md px-3 font-medium text-ink-soft hover:bg-hover aria-pressed:bg-accent-soft aria-pressed:text-accent max-md:h-10"
              onClick={() => change({ status: value })}
            >
              {label}
            </button>
          ))}
        </div>
      )}
      <PagedList
        query={query}
        items={sessions}
        failure="The sessions can’t be shown"
        skeleton={<SessionsSkeleton />}
        empty={
          <EmptyState
            icon={<Radio size={22} aria-hidden />}
            title={status === undefined ? 'Put your first AI human on air' : 'No session has this status'}
            text={
              status === undefined
                ? 'Pick who appears and what stands behind. You can change the background while the avatar talks.'
                : 'Choose another status, or start a session.'
            }
            action={
              <Link to="/sessions/new" search={{}} className={buttonClasses('primary')}>
                New session
              </Link>
            }
          />
        }
        countOf={({ length }) => describeCount(length, query.data?.pages.at(-1)?.total, 'session')}
      >
        {(shown) => (isWide ? <Rows sessions={shown} /> : <Cards sessions={shown} />)}
      </PagedList>
    </Page>
  );
};

const Head = () => (
  <thead>
    <tr>
      <th scope="col" className={`${HEAD} w-66`}>
        Session ID
      </th>
      <th scope="col" className={`${HEAD} w-32`}>
        Status
      </th>
      <th scope="col" className={HEAD}>
        Avatar
      </th>
      <th scope="col" className={`${HEAD} w-28`}>
        Background
      </th>
      <th scope="col" className={`${HEAD} hidden w-24 lg:table-cell`}>
        Viewers
      </th>
      <th scope="col" className={`${HEAD} hidden w-32 lg:table-cell`}>
        Started
      </th>
    </tr>
  </thead>
);

/** What stands behind the avatar, as small as a thumbnail. */
const BackgroundSwatch = ({ session: { background } }: { readonly session: Session }) => {
  const box = 'h-10 w-18 shrink-0 rounded-sm';
  if (background.image_url !== null)
    return <img src={ownAddress(background.image_url)} alt="Background" loading="lazy" className={`chequered object-cover ${box}`} />;
  if (background.color !== null)
    return <span role="img" aria-label={`Colour ${background.color}`} className={`block ${box}`} style={{ backgroundColor: background.color }} />;
  return (
    <span className={`chequered flex items-center justify-center text-xs ${box}`}>
      <span className="rounded-sm bg-surface px-1">None</span>
    </span>
  );
};

const Rows = ({ sessions }: { readonly sessions: readonly Session[] }) => {
  const navigate = useNavigate();
  const open = (id: string): void => void navigate({ to: '/sessions/$id', params: { id }, search: {} });
  return (
    <table className={TABLE}>
      <caption className="sr-only">Sessions, newest first. Arrow keys move between rows, Enter opens.</caption>
      <Head />
      <tbody>
        {sessions.map((session) => (
          <OpenableRow key={session.session_id} onOpen={() => open(session.session_id)}>
            <td>
              <span className="flex min-w-0 items-center gap-1">
                <Link
                  to="/sessions/$id"
                  params={{ id: session.session_id }}
                  search={{}}
                  title={session.session_id}
                  className="min-w-0 truncate rounded-sm font-mono text-xs text-accent hover:underline"
                >
                  {session.session_id}
                </Link>
                <CopyButton text={session.session_id} what="session id" />
              </span>
            </td>
            <td title={session.reason?.message}>
              <StatusPill status={session.status} />
            </td>
            <td>
              <span className="block truncate font-medium">{describeAvatar(session.avatar)}</span>
              <span className="block truncate text-xs text-ink-soft">
                {session.reason !== null && session.status === 'failed' ? session.reason.message : `${session.canvas.width} × ${session.canvas.height}`}
              </span>
            </td>
            <td>
              <BackgroundSwatch session={session} />
            </td>
            <td className="hidden tabular-nums lg:table-cell">{session.viewers}</td>
            <td className="hidden text-ink-soft lg:table-cell">
              <RelativeTime time={session.created_at} />
            </td>
          </OpenableRow>
        ))}
      </tbody>
    </table>
  );
};

const Cards = ({ sessions }: { readonly sessions: readonly Session[] }) => (
  <ul className="flex flex-col gap-3">
    {sessions.map((session) => (
      <li key={session.session_id} className="card relative p-3">
        <div className="flex items-center gap-3">
          <BackgroundSwatch session={session} />
          <div className="min-w-0 flex-1">
            <p className="truncate font-medium">{describeAvatar(session.avatar)}</p>
            <p className="truncate text-sm text-ink-soft">
              <RelativeTime time={session.created_at} /> · {session.canvas.width} × {session.canvas.height}
            </p>
          </div>
          <StatusPill status={session.status} />
        </div>
        <div className="mt-2 border-t border-line pt-2">
          <Link
            to="/sessions/$id"
            params={{ id: session.session_id }}
            search={{}}
            className="block truncate rounded-sm font-mono text-xs text-accent after:absolute after:inset-0"
          >
            {session.session_id}
          </Link>
        </div>
      </li>
    ))}
  </ul>
);

const SessionsSkeleton = () => {
  const isWide = useMediaQuery('(min-width: 768px)');
  const rows = Array.from({ length: 5 }, (_, index) => index);
  return (
    <div role="status" aria-label="Loading sessions">
      {isWide ? (
        <table className={TABLE} aria-hidden>
          <Head />
          <tbody>
            {rows.map((row) => (
              <tr key={row} className={ROW}>
                <td>
                  <Skeleton className="h-3 w-44" />
                </td>
                <td>
                  <Skeleton className="h-6 w-16" />
                </td>
                <td>
                  <Skeleton className="h-3 w-1/2" />
                </td>
                <td>
                  <Skeleton className="h-10 w-18" />
                </td>
                <td className="hidden lg:table-cell">
                  <Skeleton className="h-3 w-6" />
                </td>
                <td className="hidden lg:table-cell">
                  <Skeleton className="h-3 w-20" />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : (
        <div className="flex flex-col gap-3">
          {rows.map((row) => (
            <div key={row} className="card flex h-24 gap-3 p-3">
              <Skeleton className="h-10 w-18" />
              <span className="flex flex-1 flex-col gap-2 pt-1">
                <Skeleton className="h-3 w-1/2" />
                <Skeleton className="h-3 w-2/3" />
              </span>
            </div>
          ))}
        </div>
      )}
    </div>
  );
};

const API_EXAMPLES: readonly ApiExample[] = [
  { title: 'List sessions', method: 'GET', path: '/v1/sessions?status=live', typescript: "const { data } = await backlot.sessions.list({ status: 'live' });" },
  {
    title: 'Put an AI human on air',
    method: 'POST',
    path: '/v1/sessions',
    body: { avatar: { provider: 'stand-in' }, text: 'Hello. I am live.' },
    typescript:
      "const session = await backlot.sessions.create({\n  avatar: { provider: 'stand-in' },\n  text: 'Hello. I am live.',\n});\nconsole.log(session.player_url);",
  },
];
