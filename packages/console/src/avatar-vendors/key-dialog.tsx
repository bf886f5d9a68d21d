import { type FormEvent, useState } from 'react';
import { usePutAvatarCredential } from '../api/avatar-credentials.js';
import { Button } from '../ui/button.js';
import { Dialog } from '../ui/dialog.js';
import { ErrorNotice } from '../ui/error-notice.js';
import { describeField, FieldError, FieldErrors, useFieldError } from '../ui/field-errors.js';
import type { VendorWords } from './vendors.js';

export interface KeyDialogProps {
  readonly words: VendorWords;
  readonly isReplaced: boolean;
  readonly onClose: () => void;
}

const FORM = 'vendor-key';

/** Asks for a vendor's API key. */
export const KeyDialog = ({ words: { vendor, title }, isReplaced, onClose }: KeyDialogProps) => {
  const put = usePutAvatarCredential();
  const [apiKey, setApiKey] = useState('');
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    put.mutate({ vendor, apiKey: apiKey.trim() }, { onSuccess: onClose });
  };
  return (
    <Dialog
      title={`${isReplaced ? 'Replace' : 'Store'} the key of ${title}`}
      size="small"
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={FORM} variant="primary" disabled={put.isPending || apiKey.trim() === ''}>
            {put.isPending ? 'Storing' : 'Store key'}
          </Button>
        </>
      }
    >
      <form id={FORM} className="flex flex-col gap-4" onSubmit={submit}>
        <FieldErrors error={put.error}>
          <KeyField value={apiKey} onChange={setApiKey} />
        </FieldErrors>
        {put.error !== null && <ErrorNotice error={put.error} title="The key was not stored" />}
      </form>
    </Dialog>
  );
};

const KeyField = ({ value, onChange }: { readonly value: string; readonly onChange: (apiKey: string) => void }) => {
  const message = useFieldError('api_key');
  return (
    <div>
      <label htmlFor="api-key" className="mb-1 block font-medium">
        API key
      </label>
      {/* Not a password of this site: managers leave it alone. */}
      <input
        id="api-key"
        type="password"
        data-autofocus
        required
        minLength={8}
        maxLength={512}
        autoComplete="off"
        data-1p-ignore
        data-lpignore="true"
        spellCheck={false}
        className="field font-mono"
        {...describeField('api-key-error', message, 'api-key-note')}
        value={value}
        onChange={({ target }) => onChange(target.value)}
      />
      <FieldError id="api-key-error" message={message} />
      <p id="api-key-note" className="mt-1 text-sm text-ink-soft">
        It is kept encrypted, used for new sessions, and never shown again.
      </p>
    </div>
  );
};
