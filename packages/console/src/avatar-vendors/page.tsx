import type { AvatarCredential } from '@backlot/client';
import { KeyRound, Trash2 } from 'lucide-react';
import { useAvatarCredentials, useDeleteAvatarCredential } from '../api/avatar-credentials.js';
import { useIsOnLivekit } from '../sessions/choices.js';
import { Page } from '../shell/page.js';
import { useDialog } from '../shell/search.js';
import type { ApiExample } from '../ui/api-dialog.js';
import { Button, IconButton } from '../ui/button.js';
import { ConfirmDialog } from '../ui/confirm-dialog.js';
import { ErrorNotice } from '../ui/error-notice.js';
import { Pill } from '../ui/pill.js';
import { RelativeTime } from '../ui/relative-time.js';
import { Skeleton } from '../ui/skeleton.js';
import { KeyDialog } from './key-dialog.js';
import { VENDORS, type VendorWords } from './vendors.js';

/** Settings → Avatar vendors. */
export const AvatarVendorsPage = () => {
  const { dialog, id, close } = useDialog();
  const query = useAvatarCredentials();
  const isOnLivekit = useIsOnLivekit();
  const chosen = VENDORS.find(({ vendor }) => vendor === id);
  const credentials = query.data;
  const stored = credentials?.find(({ vendor }) => vendor === id);
  return (
    <Page
      title="Avatar vendors"
      note="With an API key of yours, sessions start a vendor’s avatar in their LiveKit room and end it with them."
      trail={[{ label: 'Settings' }]}
      api={API_EXAMPLES}
    >
      {isOnLivekit === false && (
        <p role="status" className="mb-6 rounded-md border border-line bg-warning-soft px-3 py-2">
          This server carries its sessions itself. Vendors’ avatars join LiveKit rooms: set <code className="font-mono text-xs">BACKLOT_LIVEKIT_URL</code> and
          its key to use them.
        </p>
      )}
      {query.error !== null && credentials === undefined ? (
        <ErrorNotice error={query.error} title="The vendors can’t be shown" onRetry={() => void query.refetch()} />
      ) : credentials === undefined ? (
        <div role="status" aria-label="Loading vendors" className="card divide-y divide-line">
          {VENDORS.map(({ vendor }) => (
            <div key={vendor} className="flex flex-col gap-2 p-4">
              <Skeleton className="h-4 w-1/4" />
              <Skeleton className="h-3 w-1/2" />
            </div>
          ))}
        </div>
      ) : (
        <ul className="card divide-y divide-line">
          {VENDORS.map((words) => (
            <Vendor key={words.vendor} words={words} credential={credentials.find(({ vendor }) => vendor === words.vendor)} />
          ))}
        </ul>
      )}
      {dialog === 'secret' && chosen !== undefined && <KeyDialog key={chosen.vendor} words={chosen} isReplaced={stored !== undefined} onClose={close} />}
      {dialog === 'delete' && chosen !== undefined && stored !== undefined && <DeleteKeyDialog words={chosen} credential={stored} onClose={close} />}
    </Page>
  );
};

const Vendor = ({ words, credential }: { readonly words: VendorWords; readonly credential: AvatarCredential | undefined }) => {
  const { open } = useDialog();
  const { vendor, title, note } = words;
  return (
    <li className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3 p-4">
      <div className="min-w-0 flex-1 basis-80">
        <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <span className="font-medium">{title}</span>
          {credential === undefined ? (
            <Pill tone="neutral" status="missing">
              No key
            </Pill>
          ) : (
            <Pill tone="ok" status="stored">
              Key stored
            </Pill>
          )}
        </p>
        <p className="mt-1 text-sm text-ink-soft">{note}</p>
        {credential !== undefined && (
          <p className="mt-1 text-sm text-ink-soft">
            <code className="font-mono text-xs">{credential.display_prefix}…</code> · stored <RelativeTime time={credential.updated_at} />
          </p>
        )}
      </div>
      <div className="flex items-center gap-2">
        <Button aria-label={`${credential === undefined ? 'Store' : 'Replace'} the key of ${title}`} onClick={() => open('secret', vendor)}>
          <KeyRound size={16} aria-hidden />
          {credential === undefined ? 'Store key' : 'Replace key'}
        </Button>
        {credential !== undefined && (
          <IconButton label={`Delete the key of ${title}`} className="hover:text-danger" onClick={() => open('delete', vendor)}>
            <Trash2 size={16} aria-hidden />
          </IconButton>
        )}
      </div>
    </li>
  );
};

interface DeleteKeyDialogProps {
  readonly words: VendorWords;
  readonly credential: AvatarCredential;
  readonly onClose: () => void;
}

const DeleteKeyDialog = ({ words: { vendor, title }, credential, onClose }: DeleteKeyDialogProps) => {
  const remove = useDeleteAvatarCredential();
  return (
    <ConfirmDialog
      title={`Delete the key of ${title}`}
      action="Delete key"
      pendingAction="Deleting"
      isPending={remove.isPending}
      error={remove.error}
      errorTitle="The key was not deleted"
      onConfirm={() => remove.mutate(vendor, { onSuccess: onClose })}
      onClose={onClose}
    >
      <p>
        <code className="font-mono text-xs">{credential.display_prefix}…</code>
      </p>
      <p>New sessions can’t use {title}’s avatars any more. Sessions on air go on.</p>
    </ConfirmDialog>
  );
};

const API_EXAMPLES: readonly ApiExample[] = [
  {
    title: 'Store a key',
    method: 'PUT',
    path: '/v1/avatar-credentials/tavus',
    body: { api_key: '…' },
    typescript: "await backlot.avatarCredentials.put('tavus', process.env.TAVUS_API_KEY);",
  },
  {
    title: 'List the vendors that a key is stored for',
    method: 'GET',
    path: '/v1/avatar-credentials',
    typescript: 'const credentials = await backlot.avatarCredentials.list();',
  },
  {
    title: 'Delete a key',
    method: 'DELETE',
    path: '/v1/avatar-credentials/tavus',
    typescript: "await backlot.avatarCredentials.delete('tavus');",
  },
];
