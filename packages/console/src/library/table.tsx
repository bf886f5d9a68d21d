import type { BackgroundImage, BackgroundImageSort } from '@backlot/client';
import { Link, useNavigate } from '@tanstack/react-router';
import { ArrowDown, ArrowUp, Trash2 } from 'lucide-react';
import { ownAddress } from '../api/own-address.js';
import { IconButton } from '../ui/button.js';
import { CopyButton } from '../ui/copy-button.js';
import { OpenableRow } from '../ui/openable-row.js';
import { RelativeTime } from '../ui/relative-time.js';
import { Skeleton } from '../ui/skeleton.js';
import { HEAD, ROW, TABLE } from '../ui/table.js';
import { useMediaQuery } from '../ui/use-media-query.js';
import { formatSize } from './format.js';

interface LibraryTableProps {
  readonly images: readonly BackgroundImage[];
  readonly sort: BackgroundImageSort;
  readonly onSort: (sort: BackgroundImageSort) => void;
  readonly onDelete: (image: BackgroundImage) => void;
}

/** The library as a table; as cards where there is no room for one. */
export const LibraryTable = (props: LibraryTableProps) => (useMediaQuery('(min-width: 768px)') ? <Rows {...props} /> : <Cards {...props} />);

const Thumbnail = ({ image, className }: { readonly image: BackgroundImage; readonly className: string }) => (
  <img src={ownAddress(image.thumbnail_url)} alt={image.title} loading="lazy" decoding="async" className={`chequered rounded-sm object-cover ${className}`} />
);

/** By which columns the library can be sorted, and which way round at first. */
const SORTABLE = { Title: ['title', '-title'], Uploaded: ['-created_at', 'created_at'] } as const;

interface SortableHeadProps extends Partial<Pick<LibraryTableProps, 'sort' | 'onSort'>> {
  readonly column: keyof typeof SORTABLE;
  readonly className?: string;
}

/** The head of a column that sorts: once more turns the order round. */
const SortableHead = ({ column, className = '', sort, onSort }: SortableHeadProps) => {
  const [first, second] = SORTABLE[column];
  const isSorted = sort === first || sort === second;
  const isDescending = sort?.startsWith('-') === true;
  const Arrow = isDescending ? ArrowDown : ArrowUp;
  return (
    <th scope="col" className={`${HEAD} ${className}`} {...(isSorted ? { 'aria-sort': isDescending ? 'descending' : 'ascending' } : {})}>
      <button
        type="button"
        className="-mx-1 inline-flex items-center gap-1 rounded-sm px-1 font-medium hover:text-ink"
        onClick={() => onSort?.(sort === first ? second : first)}
      >
        {column}
        {isSorted && <Arrow size={12} aria-hidden />}
      </button>
    </th>
  );
};

/** The order where there is no head of a table. */
const SortField = ({ sort, onSort }: Pick<LibraryTableProps, 'sort' | 'onSort'>) => (
  <label className="mb-3 flex items-center gap-2 text-ink-soft">
    Sort by
    <select className="field w-auto" value={sort} onChange={({ target }) => onSort(target.value as BackgroundImageSort)}>
      <option value="-created_at">Newest first</option>
      <option value="created_at">Oldest first</option>
      <option value="title">Title, A to Z</option>
      <option value="-title">Title, Z to A</option>
    </select>
  </label>
);

const Head = (sorting: Partial<Pick<LibraryTableProps, 'sort' | 'onSort'>>) => (
  <thead>
    <tr>
      <th scope="col" className={`${HEAD} w-64`}>
        Background Image ID
      </th>
      <SortableHead column="Title" {...sorting} />
      <th scope="col" className={`${HEAD} w-28`}>
        Image
      </th>
      <th scope="col" className={`${HEAD} hidden w-34 lg:table-cell`}>
        Size
      </th>
      <SortableHead column="Uploaded" className="hidden w-32 lg:table-cell" {...sorting} />
      <th scope="col" className={`${HEAD} w-20`}>
        Action
      </th>
    </tr>
  </thead>
);

const Rows = ({ images, sort, onSort, onDelete }: LibraryTableProps) => {
  const navigate = useNavigate();
  const openDetail = (id: string): void => void navigate({ to: '/background-images/$id', params: { id }, search: {} });
  return (
    <table className={TABLE}>
      <caption className="sr-only">Background images. Arrow keys move between rows, Enter opens, Delete deletes.</caption>
      <Head sort={sort} onSort={onSort} />
      <tbody>
        {images.map((image) => (
          <OpenableRow key={image.id} onOpen={() => openDetail(image.id)} onDelete={() => onDelete(image)}>
            <td>
              <span className="flex min-w-0 items-center gap-1">
                <Link
                  to="/background-images/$id"
                  params={{ id: image.id }}
                  search={{}}
                  title={image.id}
                  className="min-w-0 truncate rounded-sm font-mono text-xs text-accent hover:underline"
                >
                  {image.id}
                </Link>
                <CopyButton text={image.id} what="background image id" />
              </span>
            </td>
            <td>
              <span className="block truncate font-medium" title={image.title}>
                {image.title}
              </span>
            </td>
            <td>
              <Thumbnail image={image} className="h-10 w-18" />
            </td>
            <td className="hidden whitespace-nowrap text-ink-soft tabular-nums lg:table-cell">{formatSize(image)}</td>
            <td className="hidden text-ink-soft lg:table-cell">
              <RelativeTime time={image.created_at} />
            </td>
            <td>
              <IconButton label={`Delete ${image.title}`} className="hover:text-danger" onClick={() => onDelete(image)}>
                <Trash2 size={16} aria-hidden />
              </IconButton>
            </td>
          </OpenableRow>
        ))}
      </tbody>
    </table>
  );
};

const Cards = ({ images, sort, onSort, onDelete }: LibraryTableProps) => (
  <>
    <SortField sort={sort} onSort={onSort} />
    <ul className="flex flex-col gap-3">
      {images.map((image) => (
        <li key={image.id} className="card p-3">
          <div className="flex items-center gap-3">
            <Thumbnail image={image} className="h-[54px] w-24 shrink-0" />
            <div className="min-w-0 flex-1">
              <Link
                to="/background-images/$id"
                params={{ id: image.id }}
                search={{}}
                className="line-clamp-2 rounded-sm font-medium wrap-anywhere hover:underline"
              >
                {image.title}
              </Link>
              <p className="text-sm text-ink-soft">
                {formatSize(image)} · <RelativeTime time={image.created_at} />
              </p>
            </div>
            <IconButton label={`Delete ${image.title}`} className="hover:text-danger" onClick={() => onDelete(image)}>
              <Trash2 size={16} aria-hidden />
            </IconButton>
          </div>
          <div className="mt-2 flex items-center justify-between border-t border-line pt-1">
            <code className="truncate font-mono text-xs text-ink-soft">{image.id}</code>
            <CopyButton text={image.id} what="background image id" />
          </div>
        </li>
      ))}
    </ul>
  </>
);

/** The table before its rows are there. */
export const LibraryTableSkeleton = () => {
  const isWide = useMediaQuery('(min-width: 768px)');
  const rows = Array.from({ length: 6 }, (_, index) => index);
  return (
    <div role="status" aria-label="Loading background images">
      {isWide ? (
        <table className={TABLE} aria-hidden>
          <Head />
          <tbody>
            {rows.map((row) => (
              <tr key={row} className={ROW}>
                <td>
                  <Skeleton className="h-3 w-44" />
                </td>
                <td>
                  <Skeleton className="h-3 w-2/3" />
                </td>
                <td>
                  <Skeleton className="h-10 w-18" />
                </td>
                <td className="hidden lg:table-cell">
                  <Skeleton className="h-3 w-16" />
                </td>
                <td className="hidden lg:table-cell">
                  <Skeleton className="h-3 w-20" />
                </td>
                <td>
                  <Skeleton className="size-5" />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : (
        <div className="flex flex-col gap-3">
          {rows.map((row) => (
            <div key={row} className="card flex h-[115px] gap-3 p-3">
              <Skeleton className="h-[54px] w-24" />
              <span className="flex flex-1 flex-col gap-2 pt-1">
                <Skeleton className="h-3 w-2/3" />
                <Skeleton className="h-3 w-1/2" />
              </span>
            </div>
          ))}
        </div>
      )}
    </div>
  );
};
