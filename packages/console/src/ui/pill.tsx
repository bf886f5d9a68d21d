import type { ReactNode } from 'react';
import { classes } from './classes.js';

/** What a pill's colour says. */
export type PillTone = 'neutral' | 'accent' | 'ok' | 'warning' | 'danger';

const LOOKS: Readonly<Record<PillTone, { readonly look: string; readonly dot: string }>> = {
  neutral: { look: 'bg-sunken text-ink-soft', dot: 'bg-ink-soft' },
  accent: { look: 'bg-accent-soft text-accent', dot: 'bg-accent' },
  ok: { look: 'bg-ok-soft text-ok', dot: 'bg-ok' },
  warning: { look: 'bg-warning-soft text-warning', dot: 'bg-warning' },
  danger: { look: 'bg-danger-soft text-danger', dot: 'bg-danger' },
};

export interface PillProps {
  readonly tone: PillTone;
  /** Something is going on: the dot pulses. */
  readonly isBusy?: boolean;
  readonly status?: string;
  readonly children: ReactNode;
}

/** A state in a few words and one colour. `status` names it for programs. */
export const Pill = ({ tone, isBusy = false, status, children }: PillProps) => (
  <span
    data-status={status}
    className={classes('inline-flex h-6 items-center gap-1.5 rounded-md border border-line px-2 text-xs font-medium whitespace-nowrap', LOOKS[tone].look)}
  >
    <span aria-hidden className={classes('size-1.5 shrink-0 rounded-full', LOOKS[tone].dot, isBusy && 'animate-pulse')} />
    {children}
  </span>
);
