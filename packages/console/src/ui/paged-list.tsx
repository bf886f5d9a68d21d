import type { ReactNode } from 'react';
import { Button } from './button.js';
import { ErrorNotice } from './error-notice.js';

export interface PagedListProps<Item> {
  /** A query of pages, as `useInfiniteQuery` has it. */
  readonly query: {
    readonly error: Error | null;
    readonly hasNextPage: boolean;
    readonly isFetchingNextPage: boolean;
    readonly isFetchNextPageError: boolean;
    readonly refetch: () => Promise<unknown>;
    readonly fetchNextPage: () => Promise<unknown>;
  };
  /** What the pages hold together; undefined until the first is there. */
  readonly items: readonly Item[] | undefined;
  /** Such as `The sessions can’t be shown`. */
  readonly failure: string;
  readonly skeleton: ReactNode;
  readonly empty: ReactNode;
  /** How many there are, in words; null where that is said elsewhere. */
  readonly countOf: ((items: readonly Item[]) => string) | null;
  readonly children: (items: readonly Item[]) => ReactNode;
}

/** How many of how many there are, such as `50 of 300 images`. */
export const describeCount = (shown: number, total: number | undefined, thing: string): string => {
  const count = Math.max(shown, total ?? shown);
  if (count === 1) return `1 ${thing}`;
  return `${shown < count ? `${shown.toLocaleString('en')} of` : 'All'} ${count.toLocaleString('en')} ${thing}s`;
};

/** A list that is loading, failed, empty, or there, page after page. */
export const PagedList = <Item,>({ query, items, failure, skeleton, empty, countOf, children }: PagedListProps<Item>) => {
  if (items === undefined) return query.error === null ? skeleton : <ErrorNotice error={query.error} title={failure} onRetry={() => void query.refetch()} />;
  if (items.length === 0) return empty;
  const retry = async (): Promise<unknown> => (query.isFetchNextPageError ? query.fetchNextPage() : query.refetch());
  return (
    <>
      {children(items)}
      <div className="mt-4 flex flex-wrap items-center justify-between gap-3 empty:hidden">
        {countOf !== null && (
          <p role="status" className="text-ink-soft">
            {countOf(items)}
          </p>
        )}
        {query.hasNextPage && (
          <Button disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            {query.isFetchingNextPage ? 'Loading' : 'Load more'}
          </Button>
        )}
      </div>
      {query.error !== null && (
        <div className="mt-4">
          <ErrorNotice error={query.error} title={query.isFetchNextPageError ? 'More can’t be shown' : 'This list may be old'} onRetry={() => void retry()} />
        </div>
      )}
    </>
  );
};
