import { WEBHOOK_EVENT_TYPES } from '@backlot/contract';
import type { WebhookEndpoint, WebhookEvent } from '@backlot/client';
import { RotateCw } from 'lucide-react';
import { useReplayWebhookEvent, useWebhookEvents } from '../api/webhooks.js';
import { useConsoleSearch, useDialog } from '../shell/search.js';
import { Button } from '../ui/button.js';
import { ErrorNotice } from '../ui/error-notice.js';
import { PagedList } from '../ui/paged-list.js';
import { Pill } from '../ui/pill.js';
import { RelativeTime } from '../ui/relative-time.js';
import { Skeleton } from '../ui/skeleton.js';
import { describeFailure, lookOfEvent } from './describe.js';

/** What happened lately, and whether the endpoints know. */
export const Events = ({ endpoints }: { readonly endpoints: readonly WebhookEndpoint[] }) => {
  const [{ event: type }, change] = useConsoleSearch();
  const query = useWebhookEvents(type);
  const events = query.data?.pages.flatMap(({ data }) => data);
  return (
    <section aria-labelledby="events">
      <div className="mb-3 flex flex-wrap items-center justify-between gap-3">
        <h2 id="events" className="text-lg font-semibold">
          Recent events
        </h2>
        {(type !== undefined || (events !== undefined && events.length > 0)) && (
          <select
            aria-label="Filter by type"
            className="field w-auto max-w-full"
            value={type ?? ''}
            onChange={({ target }) => change({ event: WEBHOOK_EVENT_TYPES.find((known) => known === target.value) })}
          >
            <option value="">All types</option>
            {WEBHOOK_EVENT_TYPES.map((known) => (
              <option key={known}>{known}</option>
            ))}
          </select>
        )}
      </div>
      <PagedList
        query={query}
        items={events}
        failure="The events can’t be shown"
        skeleton={<EventsSkeleton />}
        empty={
          <p className="card px-6 py-12 text-center text-ink-soft">
            {type === undefined ? 'Nothing has happened yet. Events are kept for 30 days.' : 'No event of this type in the last 30 days.'}
          </p>
        }
        countOf={null}
      >
        {(shown) => (
          <ul className="card divide-y divide-line">
            {shown.map((event) => (
              <Event key={event.id} event={event} canReplay={endpoints.some(({ enabled }) => enabled)} />
            ))}
          </ul>
        )}
      </PagedList>
    </section>
  );
};

const EventsSkeleton = () => (
  <div role="status" aria-label="Loading events" className="card divide-y divide-line">
    {[0, 1, 2, 3].map((row) => (
      <div key={row} className="flex h-(--row-height) items-center justify-between px-4">
        <Skeleton className="h-3 w-48" />
        <Skeleton className="h-6 w-20" />
      </div>
    ))}
  </div>
);

/** The one sentence that helps when something is wrong. */
const problemOf = ({ deliveries }: WebhookEvent): string | null => {
  const failures = deliveries.filter(({ state }) => state !== 'delivered').flatMap((delivery) => describeFailure(delivery) ?? []);
  return failures.length === 1 ? (failures[0] ?? null) : null;
};

const Event = ({ event, canReplay }: { readonly event: WebhookEvent; readonly canReplay: boolean }) => {
  const { open } = useDialog();
  const replay = useReplayWebhookEvent();
  const { label, tone, isBusy } = lookOfEvent(event);
  const problem = problemOf(event);
  return (
    <li className="relative px-4 py-2.5 hover:bg-hover">
      <div className="flex min-h-9 flex-wrap items-center justify-between gap-x-6 gap-y-2">
        <div className="min-w-0 flex-1 basis-60">
          <button
            type="button"
            className="block max-w-full truncate rounded-sm text-left font-mono text-sm text-accent after:absolute after:inset-0"
            onClick={() => open('event', event.id)}
          >
            {event.type}
          </button>
          <p className="text-sm text-ink-soft">
            <RelativeTime time={event.created_at} />
            {problem !== null && ` · ${problem}`}
          </p>
        </div>
        <Pill tone={tone} isBusy={isBusy} status={label}>
          {label}
        </Pill>
        <Button
          className="relative z-1"
          aria-label={`Replay ${event.type}`}
          disabled={!canReplay || replay.isPending}
          title={canReplay ? undefined : 'No endpoint is enabled'}
          onClick={() => replay.mutate({ id: event.id })}
        >
          <RotateCw size={16} aria-hidden />
          Replay
        </Button>
      </div>
      {replay.error !== null && (
        <div className="relative z-1 mt-2">
          <ErrorNotice error={replay.error} title="The event was not sent again" />
        </div>
      )}
    </li>
  );
};
