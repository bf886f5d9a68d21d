import type { WebhookDelivery, WebhookEndpoint, WebhookEvent } from '@backlot/client';
import type { PillTone } from '../ui/pill.js';

/** A state in words and a colour. */
export interface StateLook {
  readonly label: string;
  readonly tone: PillTone;
  readonly isBusy: boolean;
}

const isSending = ({ state, last_error: error }: WebhookDelivery): boolean => state === 'pending' && error === null;

/** How far one delivery has come. */
export const lookOfDelivery = (delivery: WebhookDelivery): StateLook => {
  switch (delivery.state) {
    case 'delivered':
      return { label: 'Delivered', tone: 'ok', isBusy: false };
    case 'failed':
      return { label: 'Failed', tone: 'danger', isBusy: false };
    case 'pending':
      return { label: isSending(delivery) ? 'Sending' : 'Retrying', tone: 'warning', isBusy: isSending(delivery) };
  }
};

/** How far an event has come, over all its deliveries. */
export const lookOfEvent = ({ deliveries }: WebhookEvent): StateLook => {
  const [first] = deliveries;
  if (first === undefined) return { label: 'No endpoint', tone: 'neutral', isBusy: false };
  if (deliveries.length === 1) return lookOfDelivery(first);
  const delivered = deliveries.filter(({ state }) => state === 'delivered').length;
  const hasFailed = deliveries.some(({ state }) => state === 'failed');
  if (delivered === deliveries.length) return { label: 'Delivered', tone: 'ok', isBusy: false };
  return { label: `${delivered} of ${deliveries.length} delivered`, tone: hasFailed ? 'danger' : 'warning', isBusy: deliveries.some(isSending) };
};

/** Why the last attempt did not deliver, in a sentence without its full stop; null when there was none or it did. */
export const describeFailure = ({ last_error: error, last_status: status }: WebhookDelivery): string | null => {
  switch (error) {
    case null:
      return null;
    case 'bad_status':
      return `It answered ${status ?? 'with an error'}`;
    case 'timeout':
      return 'It did not answer within 15 seconds';
    case 'connection_failed':
      return 'The connection failed';
    case 'url_not_allowed':
      return 'Its host does not resolve to a public address';
    case 'endpoint_disabled':
      return 'The endpoint was disabled';
  }
};

/** Whether an endpoint is sent to, and if not, why. */
export const lookOfEndpoint = ({ enabled, disabled_reason: reason }: WebhookEndpoint): StateLook => {
  if (enabled) return { label: 'Enabled', tone: 'ok', isBusy: false };
  return reason === 'gone' ? { label: 'Disabled: it answered 410 Gone', tone: 'danger', isBusy: false } : { label: 'Disabled', tone: 'neutral', isBusy: false };
};

/** What an endpoint asks for. */
export const describeTypes = ({ event_types: types }: WebhookEndpoint): string =>
  types === null ? 'All events' : types.length === 1 ? (types[0] ?? '') : `${types.length} kinds of events`;
