import type { WebhookEndpoint, WebhookEvent } from '@backlot/client';
import { Plus } from 'lucide-react';
import { useDeleteWebhookEndpoint, useWebhookEndpoints } from '../api/webhooks.js';
import { Page } from '../shell/page.js';
import { useDialog } from '../shell/search.js';
import type { ApiExample } from '../ui/api-dialog.js';
import { Button } from '../ui/button.js';
import { ConfirmDialog } from '../ui/confirm-dialog.js';
import { AddEndpointDialog } from './add-dialog.js';
import { Endpoints } from './endpoints.js';
import { EventDialog } from './event-dialog.js';
import { Events } from './events.js';
import { SecretDialog } from './secret-dialog.js';

/** Settings → Webhooks. */
export const WebhooksPage = () => {
  const { dialog, id, open, close } = useDialog();
  const query = useWebhookEndpoints();
  const endpoints = query.data?.data;
  const doomed = dialog === 'delete' ? endpoints?.find((endpoint) => endpoint.id === id) : undefined;
  return (
    <Page
      title="Webhooks"
      note="Your own services are told what happens, signed and repeated until they have it."
      trail={[{ label: 'Settings' }]}
      api={apiExamples(endpoints?.[0])}
      actions={
        <Button variant="primary" onClick={() => open('add')}>
          <Plus size={16} aria-hidden />
          Add endpoint
        </Button>
      }
    >
      <div className="flex flex-col gap-10">
        <Endpoints query={query} />
        <Events endpoints={endpoints ?? []} />
      </div>
      {dialog === 'add' && <AddEndpointDialog onClose={close} onAdded={(endpoint) => open('secret', endpoint.id)} />}
      {dialog === 'secret' && id !== undefined && <SecretDialog key={id} id={id} onClose={close} />}
      {dialog === 'event' && id !== undefined && <EventDialog key={id} id={id} endpoints={endpoints ?? []} onClose={close} />}
      {doomed !== undefined && <DeleteEndpointDialog endpoint={doomed} onClose={close} />}
    </Page>
  );
};

const DeleteEndpointDialog = ({ endpoint, onClose }: { readonly endpoint: WebhookEndpoint; readonly onClose: () => void }) => {
  const remove = useDeleteWebhookEndpoint();
  return (
    <ConfirmDialog
      title="Delete webhook endpoint"
      action="Delete endpoint"
      pendingAction="Deleting"
      isPending={remove.isPending}
      error={remove.error}
      errorTitle="The endpoint was not deleted"
      onConfirm={() => remove.mutate(endpoint.id, { onSuccess: onClose })}
      onClose={onClose}
    >
      <p className="font-medium wrap-anywhere">{endpoint.url}</p>
      <p>It gets nothing more, its signing secret is gone, and what is on its way to it is dropped. To pause it, disable it instead.</p>
    </ConfirmDialog>
  );
};

const apiExamples = (endpoint: WebhookEndpoint | undefined): readonly ApiExample[] => {
  const id = endpoint?.id ?? 'whe_…';
  const eventId: WebhookEvent['id'] = 'evt_…';
  return [
    {
      title: 'Add an endpoint',
      method: 'POST',
      path: '/v1/webhook-endpoints',
      body: { url: 'https://example.com/backlot', event_types: ['session.started', 'session.ended'] },
      typescript:
        "const { id, secret } = await backlot.webhookEndpoints.create({\n  url: 'https://example.com/backlot',\n  event_types: ['session.started', 'session.ended'],\n});",
    },
    {
      title: 'Send a test event',
      method: 'POST',
      path: `/v1/webhook-endpoints/${id}/test`,
      typescript: `const event = await backlot.webhookEndpoints.test('${id}');`,
    },
    {
      title: 'List events with their deliveries',
      method: 'GET',
      path: '/v1/webhook-events?limit=50',
      typescript: 'const { data, next_cursor } = await backlot.webhookEvents.list({ limit: 50 });',
    },
    {
      title: 'Replay an event',
      method: 'POST',
      path: `/v1/webhook-events/${eventId}/replay`,
      body: { endpoint_id: id },
      typescript: `await backlot.webhookEvents.replay('${eventId}', { endpointId: '${id}' });`,
    },
  ];
};
