import type { BacklotApiError, Page, WebhookEndpoint } from '@backlot/client';
import type { UseQueryResult } from '@tanstack/react-query';
import { KeyRound, Send, Trash2, Webhook } from 'lucide-react';
import { useTestWebhookEndpoint, useUpdateWebhookEndpoint } from '../api/webhooks.js';
import { useDialog } from '../shell/search.js';
import { Button, IconButton } from '../ui/button.js';
import { ErrorNotice } from '../ui/error-notice.js';
import { IdText } from '../ui/id-text.js';
import { Pill } from '../ui/pill.js';
import { RelativeTime } from '../ui/relative-time.js';
import { Skeleton } from '../ui/skeleton.js';
import { Switch } from '../ui/switch.js';
import { describeTypes, lookOfEndpoint } from './describe.js';

/** Where the organization wants to be told of events. */
export const Endpoints = ({ query }: { readonly query: UseQueryResult<Page<WebhookEndpoint>, BacklotApiError> }) => {
  const { open } = useDialog();
  const endpoints = query.data?.data;
  return (
    <section aria-labelledby="endpoints">
      <h2 id="endpoints" className="mb-3 text-lg font-semibold">
        Endpoints
      </h2>
      {query.error !== null && endpoints === undefined ? (
        <ErrorNotice error={query.error} title="The endpoints can’t be shown" onRetry={() => void query.refetch()} />
      ) : endpoints === undefined ? (
        <div role="status" aria-label="Loading endpoints" className="card flex flex-col gap-2 p-4">
          <Skeleton className="h-4 w-2/3" />
          <Skeleton className="h-3 w-1/3" />
          <Skeleton className="h-3 w-1/4" />
        </div>
      ) : endpoints.length === 0 ? (
        <div className="card flex flex-col items-center px-6 py-12 text-center">
          <span className="mb-4 flex size-12 items-center justify-center rounded-lg bg-accent-soft text-accent">
            <Webhook size={22} aria-hidden />
          </span>
          <h3 className="text-lg font-semibold">Add your first endpoint</h3>
          <p className="mt-1 mb-5 max-w-110 text-ink-soft">
            Give the address of a service of yours. It gets a POST when a session starts or ends, a background changes, or a message arrives.
          </p>
          <Button variant="primary" onClick={() => open('add')}>
            Add endpoint
          </Button>
        </div>
      ) : (
        <ul className="card divide-y divide-line">
          {endpoints.map((endpoint) => (
            <Endpoint key={endpoint.id} endpoint={endpoint} />
          ))}
        </ul>
      )}
    </section>
  );
};

const Endpoint = ({ endpoint }: { readonly endpoint: WebhookEndpoint }) => {
  const { open } = useDialog();
  const update = useUpdateWebhookEndpoint();
  const test = useTestWebhookEndpoint();
  const { label, tone } = lookOfEndpoint(endpoint);
  const error = update.error ?? test.error;
  return (
    <li className="p-4">
      <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3">
        <div className="min-w-0 flex-1 basis-80">
          <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
            <span className="min-w-0 font-medium wrap-anywhere">{endpoint.url}</span>
            <Pill tone={tone} status={endpoint.enabled ? 'enabled' : 'disabled'}>
              {label}
            </Pill>
          </p>
          <p className="mt-1 text-sm text-ink-soft" title={endpoint.event_types?.join('\n')}>
            {describeTypes(endpoint)} · added <RelativeTime time={endpoint.created_at} />
          </p>
          <IdText id={endpoint.id} what="endpoint id" />
        </div>
        <div className="flex items-center gap-2">
          <Switch
            label={`Send events to ${endpoint.url}`}
            isOn={endpoint.enabled}
            disabled={update.isPending}
            onChange={(enabled) => update.mutate({ id: endpoint.id, enabled })}
          />
          <Button
            disabled={!endpoint.enabled || test.isPending}
            title={endpoint.enabled ? undefined : 'Enable the endpoint first'}
            onClick={() => test.mutate(endpoint.id, { onSuccess: ({ id }) => open('event', id) })}
          >
            <Send size={16} aria-hidden />
            {test.isPending ? 'Sending' : 'Send test'}
          </Button>
          <IconButton label={`Show signing secret of ${endpoint.url}`} onClick={() => open('secret', endpoint.id)}>
            <KeyRound size={16} aria-hidden />
          </IconButton>
          <IconButton label={`Delete ${endpoint.url}`} className="hover:text-danger" onClick={() => open('delete', endpoint.id)}>
            <Trash2 size={16} aria-hidden />
          </IconButton>
        </div>
      </div>
      {error !== null && (
        <div className="mt-3">
          <ErrorNotice error={error} title={update.error === null ? 'The test event was not sent' : 'The endpoint was not changed'} />
        </div>
      )}
    </li>
  );
};
