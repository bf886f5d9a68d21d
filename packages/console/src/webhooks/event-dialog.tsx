import type { WebhookDelivery, WebhookEndpoint } from '@backlot/client';
import { RotateCw } from 'lucide-react';
import { useReplayWebhookEvent, useWebhookEvent } from '../api/webhooks.js';
import { Button } from '../ui/button.js';
import { CodeBlock } from '../ui/code-block.js';
import { Dialog } from '../ui/dialog.js';
import { ErrorNotice } from '../ui/error-notice.js';
import { IdText } from '../ui/id-text.js';
import { Pill } from '../ui/pill.js';
import { RelativeTime } from '../ui/relative-time.js';
import { Skeleton } from '../ui/skeleton.js';
import { describeFailure, lookOfDelivery } from './describe.js';

export interface EventDialogProps {
  readonly id: string;
  readonly endpoints: readonly WebhookEndpoint[];
  readonly onClose: () => void;
}

/** One event: where it is on its way to each endpoint, and what it says. */
export const EventDialog = ({ id, endpoints, onClose }: EventDialogProps) => {
  const { data: event, error, refetch } = useWebhookEvent(id);
  const replay = useReplayWebhookEvent();
  return (
    <Dialog title={event?.type ?? 'Event'} size="medium" onClose={onClose}>
      {error !== null && event === undefined ? (
        <ErrorNotice error={error} title="The event can’t be shown" onRetry={() => void refetch()} />
      ) : event === undefined ? (
        <div role="status" aria-label="Loading event" className="flex flex-col gap-3">
          <Skeleton className="h-4 w-1/2" />
          <Skeleton className="h-16" />
          <Skeleton className="h-32" />
        </div>
      ) : (
        <div className="flex flex-col gap-5">
          <p className="flex flex-wrap items-center gap-x-3 text-ink-soft">
            <IdText id={event.id} what="event id" />
            <RelativeTime time={event.created_at} />
          </p>
          <section aria-labelledby="deliveries">
            <h3 id="deliveries" className="mb-2 font-medium">
              Deliveries
            </h3>
            {event.deliveries.length === 0 ? (
              <p className="text-ink-soft">No endpoint asked for this event when it happened. Replay sends it to those that do now.</p>
            ) : (
              <ul className="card divide-y divide-line">
                {event.deliveries.map((delivery) => {
                  const endpoint = endpoints.find((candidate) => candidate.id === delivery.endpoint_id);
                  return (
                    <Delivery
                      key={delivery.endpoint_id}
                      delivery={delivery}
                      endpoint={endpoint}
                      isPending={replay.isPending}
                      onReplay={() => replay.mutate({ id, endpointId: delivery.endpoint_id })}
                    />
                  );
                })}
              </ul>
            )}
            {replay.error !== null && (
              <div className="mt-3">
                <ErrorNotice error={replay.error} title="The event was not sent again" />
              </div>
            )}
          </section>
          <section aria-labelledby="data">
            <h3 id="data" className="mb-2 font-medium">
              Body
            </h3>
            <CodeBlock code={JSON.stringify({ type: event.type, timestamp: event.created_at, data: event.data }, null, 2)} what="body" />
          </section>
        </div>
      )}
    </Dialog>
  );
};

interface DeliveryProps {
  readonly delivery: WebhookDelivery;
  readonly endpoint: WebhookEndpoint | undefined;
  readonly isPending: boolean;
  readonly onReplay: () => void;
}

const Delivery = ({ delivery, endpoint, isPending, onReplay }: DeliveryProps) => {
  const { label, tone, isBusy } = lookOfDelivery(delivery);
  const { attempts, last_status: status, last_duration_ms: durationMs, next_attempt_at: next } = delivery;
  const facts = [
    ...(delivery.state === 'delivered' ? [`answered ${status ?? ''} in ${durationMs ?? 0} ms`] : [describeFailure(delivery) ?? 'on its way']),
    attempts === 1 ? '1 attempt' : `${attempts} attempts`,
  ];
  return (
    <li className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 p-3">
      <div className="min-w-0 flex-1 basis-60">
        <p className="wrap-anywhere">{endpoint?.url ?? delivery.endpoint_id}</p>
        <p className="text-sm text-ink-soft first-letter:uppercase">
          {facts.join(' · ')}
          {delivery.state === 'pending' && delivery.last_error !== null && next !== null && (
            <>
              {' · due '}
              <RelativeTime time={next} />
            </>
          )}
        </p>
      </div>
      <div role="status">
        <Pill tone={tone} isBusy={isBusy} status={delivery.state}>
          {label}
        </Pill>
      </div>
      <Button
        disabled={endpoint?.enabled !== true || isPending}
        title={endpoint?.enabled === true ? undefined : 'The endpoint is disabled'}
        aria-label={`Replay to ${endpoint?.url ?? delivery.endpoint_id}`}
        onClick={onReplay}
      >
        <RotateCw size={16} aria-hidden />
        Replay
      </Button>
    </li>
  );
};
