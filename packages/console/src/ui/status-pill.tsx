import type { SessionStatus } from '@backlot/client';
import { Pill, type PillTone } from './pill.js';

const LOOKS: Readonly<Record<SessionStatus, { readonly label: string; readonly tone: PillTone }>> = {
  starting: { label: 'Connecting', tone: 'warning' },
  live: { label: 'Live', tone: 'accent' },
  ended: { label: 'Ended', tone: 'neutral' },
  failed: { label: 'Failed', tone: 'danger' },
};

/** A session's status in one word and one colour. */
export const StatusPill = ({ status }: { readonly status: SessionStatus }) => (
  <Pill tone={LOOKS[status].tone} isBusy={status === 'starting'} status={status}>
    {LOOKS[status].label}
  </Pill>
);
