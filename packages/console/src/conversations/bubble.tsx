import type { ReactNode } from 'react';
import { classes } from '../ui/classes.js';

interface BubbleProps {
  /** Whose: the reader's own stand on the right. */
  readonly isOwn: boolean;
  /** Own bubbles of anything but iMessage are green. */
  readonly isGreen?: boolean;
  /** Who wrote it, where that isn't clear. */
  readonly author?: string | undefined;
  readonly children: ReactNode;
}

/** A message as phones draw it. */
export const Bubble = ({ isOwn, isGreen = false, author, children }: BubbleProps) => (
  <div className={classes('flex max-w-[80%] flex-col', isOwn ? 'items-end self-end' : 'items-start self-start')}>
    {author !== undefined && <span className="mx-3 mb-0.5 rounded-sm bg-canvas/80 px-1 text-xs text-ink-soft">{author}</span>}
    <div
      className={classes(
        'max-w-full rounded-[18px] px-3 py-1.5 wrap-anywhere whitespace-pre-wrap',
        !isOwn && 'bg-[light-dark(#e9e9eb,#2b2b30)] text-[light-dark(#15171c,#f2f2f4)]',
        isOwn && (isGreen ? 'bg-[#1c7a3c] text-white' : 'bg-[#0062d6] text-white'),
      )}
    >
      {children}
    </div>
  </div>
);

/** Somebody is writing. */
export const TypingDots = ({ label }: { readonly label: string }) => (
  <div role="status" aria-label={label} className="flex w-fit gap-1 self-start rounded-[18px] bg-[light-dark(#e9e9eb,#2b2b30)] px-3.5 py-3">
    {[0, 1, 2].map((dot) => (
      <span key={dot} className="size-2 animate-pulse rounded-full bg-[light-dark(#6d6d72,#a6a6ad)]" style={{ animationDelay: `${dot * 200}ms` }} />
    ))}
  </div>
);
