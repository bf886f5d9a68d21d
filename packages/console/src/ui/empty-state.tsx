import type { ReactNode } from 'react';

export interface EmptyStateProps {
  readonly icon: ReactNode;
  readonly title: string;
  readonly text: string;
  /** What can be done about it. */
  readonly action?: ReactNode;
}

/** In place of a list without anything in it. */
export const EmptyState = ({ icon, title, text, action }: EmptyStateProps) => (
  <div className="card flex flex-col items-center px-6 py-16 text-center">
    <span className="mb-4 flex size-12 items-center justify-center rounded-lg bg-accent-soft text-accent">{icon}</span>
    <h2 className="text-lg font-semibold wrap-anywhere">{title}</h2>
    <p className="mt-1 max-w-100 text-ink-soft">{text}</p>
    {action !== undefined && <div className="mt-5">{action}</div>}
  </div>
);
