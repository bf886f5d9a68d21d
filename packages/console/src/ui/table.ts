/** Classes of a table that is a card. */
export const TABLE = 'card w-full table-fixed border-separate border-spacing-0';
/** Classes of a cell of the head, which stays in sight. */
export const HEAD =
  'sticky top-14 z-10 border-b border-line bg-sunken px-4 py-2.5 text-left text-xs font-medium text-ink-soft first:rounded-tl-lg last:rounded-tr-lg';
/** Classes of a row. */
export const ROW = 'h-(--row-height) [&:not(:last-child)>td]:border-b [&>td]:border-line [&>td]:px-4';
