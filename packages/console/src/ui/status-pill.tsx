import type { SessionStatus } from '@backlot/client';
import { classes } from './classes.js';

const LOOKS: Readonly<Record<SessionStatus, { readonly label: string; readonly look: string; readonly dot: string }>> = {
  starting: { label: 'Connecting', look: 'bg-warning-soft text-warning', dot: 'bg-warning animate-pulse' },
  live: { label: 'Live', look: 'bg-accent-soft text-accent', dot: 'bg-accent' },
  ended: { label: 'Ended', look: 'bg-sunken text-ink-soft', dot: 'bg-ink-soft' },
  failed: { label: 'Failed', look: 'bg-danger-soft text-danger', dot: 'bg-danger' },
};

/** A session's status in one word and one colour. */
export const StatusPill = ({ status }: { readonly status: SessionStatus }) => (
  <span
    data-status={status}
    className={classes('inline-flex h-6 items-center gap-1.5 rounded-md border border-line px-2 text-xs font-medium whitespace-nowrap', LOOKS[status].look)}
  >
    <span aria-hidden className={classes('size-1.5 rounded-full', LOOKS[status].dot)} />
    {LOOKS[status].label}
  </span>
);
