import { type KeyboardEvent, useEffect, useRef } from 'react';
import { useLibrary } from '../api/library.js';
import { ownAddress } from '../api/own-address.js';
import { Button } from '../ui/button.js';
import { classes } from '../ui/classes.js';
import { ErrorNotice } from '../ui/error-notice.js';
import { Skeleton } from '../ui/skeleton.js';
import type { Choice, Swap } from './use-swap.js';

/** The library under the canvas: one click swaps the background; so do 0 (none), 1–9 and the arrows. */
export const BackgroundStrip = ({ swap }: { readonly swap: Swap }) => {
  const library = useLibrary('');
  const images = library.data?.pages.flatMap(({ data }) => data) ?? [];
  const choices: readonly Choice[] = [null, ...images.map(({ id }) => id)];
  const strip = useRef<HTMLDivElement>(null);
  const end = useRef<HTMLSpanElement>(null);
  const { fetchNextPage, hasNextPage, isFetchingNextPage } = library;

  const step = (by: number): void => {
    const index = Math.max(0, choices.indexOf(swap.current));
    const next = choices[Math.min(choices.length - 1, Math.max(0, index + by))];
    if (next === undefined) return;
    swap.choose(next);
    const tile = strip.current?.querySelectorAll<HTMLElement>('[role=radio]')[choices.indexOf(next)];
    tile?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    if (strip.current?.contains(document.activeElement) === true) tile?.focus();
  };

  const pressed = useRef<(event: globalThis.KeyboardEvent) => void>(() => undefined);
  useEffect(() => {
    pressed.current = (event) => {
      const target = event.target as Element;
      const isTaken = target.closest('input, textarea, select, dialog, pre, [role=radiogroup], [role=group], [role=tablist]') !== null;
      if (isTaken || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (/^\d$/.test(event.key)) {
        const choice = choices[Number(event.key)];
        if (choice !== undefined) swap.choose(choice);
      } else if (event.key === 'ArrowRight') step(1);
      else if (event.key === 'ArrowLeft') step(-1);
    };
  });
  useEffect(() => {
    const handle = (event: globalThis.KeyboardEvent): void => pressed.current(event);
    window.addEventListener('keydown', handle);
    return () => window.removeEventListener('keydown', handle);
  }, []);

  // More of the library is read when the end of the strip comes near.
  useEffect(() => {
    if (end.current === null || !hasNextPage || isFetchingNextPage) return undefined;
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting === true && void fetchNextPage(), {
      root: strip.current,
      rootMargin: '600px',
    });
    observer.observe(end.current);
    return () => observer.disconnect();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);

  const moveInStrip = (event: KeyboardEvent): void => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (by !== undefined) step(by);
    else if (/^\d$/.test(event.key)) {
      const choice = choices[Number(event.key)];
      if (choice !== undefined) swap.choose(choice);
    } else return;
    event.preventDefault();
  };

  return (
    <section aria-label="Background">
      <div className="mb-2 flex flex-wrap items-center justify-between gap-2">
        <h2 className="font-semibold">Background</h2>
        <p className="text-sm text-ink-soft tabular-nums">
          <span role="status" data-swap-time>
            {swap.isPending ? 'Swapping' : swap.tookMs === null ? '' : `Shown after ${swap.tookMs} ms`}
          </span>
          <span className="ml-3 max-md:hidden">Keys 0 to 9, arrows</span>
        </p>
      </div>
      {library.error !== null && images.length === 0 && (
        <ErrorNotice error={library.error} title="The library can’t be shown" onRetry={() => void library.refetch()} />
      )}
      <div ref={strip} role="radiogroup" aria-label="Background" className="-mx-1 flex gap-2 overflow-x-auto p-1 pb-2" onKeyDown={moveInStrip}>
        <Tile label="None" shortcut={0} isCurrent={swap.current === null} onChoose={() => swap.choose(null)} />
        {images.map((image, index) => (
          <Tile
            key={image.id}
            label={image.title}
            shortcut={index < 9 ? index + 1 : null}
            src={ownAddress(image.thumbnail_url)}
            isCurrent={swap.current === image.id}
            onChoose={() => swap.choose(image.id)}
          />
        ))}
        {library.isPending && [0, 1, 2].map((index) => <Skeleton key={index} className="h-[100px] w-32 shrink-0" />)}
        <span ref={end} className="w-px shrink-0" />
        {library.isFetchNextPageError && <Button onClick={() => void fetchNextPage()}>Try again</Button>}
      </div>
      {swap.error !== null && (
        <div className="mt-2">
          <ErrorNotice error={swap.error} title="The background was not swapped" />
        </div>
      )}
    </section>
  );
};

interface TileProps {
  readonly label: string;
  readonly shortcut: number | null;
  readonly src?: string;
  readonly isCurrent: boolean;
  readonly onChoose: () => void;
}

const Tile = ({ label, shortcut, src, isCurrent, onChoose }: TileProps) => (
  <button
    type="button"
    role="radio"
    aria-checked={isCurrent}
    tabIndex={isCurrent ? 0 : -1}
    title={label}
    onClick={onChoose}
    className="group w-32 shrink-0 rounded-md p-1 text-left hover:bg-hover aria-checked:bg-accent-soft aria-checked:ring-2 aria-checked:ring-accent"
  >
    <span className="relative block">
      {src === undefined ? (
        <span className="chequered block h-17 rounded-sm" />
      ) : (
        <img src={src} alt="" loading="lazy" className="chequered h-17 w-full rounded-sm object-cover" />
      )}
      {shortcut !== null && (
        <kbd aria-hidden className="absolute top-1 left-1 rounded-sm bg-black/70 px-1.5 font-mono text-xs text-white max-md:hidden">
          {shortcut}
        </kbd>
      )}
    </span>
    <span className={classes('mt-1 block truncate px-0.5 text-xs', isCurrent ? 'font-medium' : 'text-ink-soft group-hover:text-ink')}>{label}</span>
  </button>
);
