import type { CreatedWebhookEndpoint, WebhookEventType } from '@backlot/client';
import { WEBHOOK_EVENT_TYPES } from '@backlot/contract';
import { type FormEvent, useState } from 'react';
import { useCreateWebhookEndpoint } from '../api/webhooks.js';
import { Button } from '../ui/button.js';
import { Dialog } from '../ui/dialog.js';
import { ErrorNotice } from '../ui/error-notice.js';

export interface AddEndpointDialogProps {
  readonly onClose: () => void;
  readonly onAdded: (endpoint: CreatedWebhookEndpoint) => void;
}

const FORM = 'add-endpoint';

/** Asks where to send what. */
export const AddEndpointDialog = ({ onClose, onAdded }: AddEndpointDialogProps) => {
  const create = useCreateWebhookEndpoint();
  const [url, setUrl] = useState('');
  const [types, setTypes] = useState<readonly WebhookEventType[] | null>(null);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    create.mutate({ url: url.trim(), event_types: types === null ? null : [...types] }, { onSuccess: onAdded });
  };
  const toggle = (type: WebhookEventType): void => {
    if (types !== null) setTypes(types.includes(type) ? types.filter((other) => other !== type) : [...types, type]);
  };
  return (
    <Dialog
      title="Add endpoint"
      size="medium"
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={FORM} variant="primary" disabled={create.isPending || types?.length === 0}>
            {create.isPending ? 'Adding' : 'Add endpoint'}
          </Button>
        </>
      }
    >
      <form id={FORM} className="flex flex-col gap-5" onSubmit={submit}>
        <div>
          <label htmlFor="url" className="mb-1 block font-medium">
            Address
          </label>
          <input
            id="url"
            data-autofocus
            required
            maxLength={2048}
            inputMode="url"
            autoComplete="off"
            spellCheck={false}
            className="field"
            placeholder="https://example.com/backlot"
            value={url}
            onChange={({ target }) => setUrl(target.value)}
          />
          <p className="mt-1 text-sm text-ink-soft">An https address that Backlot can reach. It answers 2xx within 15 seconds; else the event is sent again.</p>
        </div>
        <fieldset>
          <legend className="mb-2 font-medium">Events</legend>
          <div className="flex flex-col gap-2">
            <label className="flex items-center gap-2">
              <input type="radio" name="events" checked={types === null} onChange={() => setTypes(null)} />
              All, future kinds too
            </label>
            <label className="flex items-center gap-2">
              <input type="radio" name="events" checked={types !== null} onChange={() => setTypes([])} />
              Only these
            </label>
            {types !== null && (
              <div className="ml-6 grid gap-2 sm:grid-cols-2">
                {WEBHOOK_EVENT_TYPES.map((type) => (
                  <label key={type} className="flex min-w-0 items-center gap-2">
                    <input type="checkbox" checked={types.includes(type)} onChange={() => toggle(type)} />
                    <code className="min-w-0 font-mono text-xs wrap-anywhere">{type}</code>
                  </label>
                ))}
              </div>
            )}
          </div>
        </fieldset>
        {create.error !== null && <ErrorNotice error={create.error} title="The endpoint was not added" />}
      </form>
    </Dialog>
  );
};
