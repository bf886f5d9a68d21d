import type { KeyboardEvent, ReactNode } from 'react';
import { ROW } from './table.js';

export interface OpenableRowProps {
  readonly onOpen: () => void;
  readonly onDelete?: () => void;
  readonly className?: string;
  readonly children: ReactNode;
}

/** A row that opens by a click anywhere or Enter, and hands the focus on by arrow keys; Delete deletes, where that exists. */
export const OpenableRow = ({ onOpen, onDelete, className = '', children }: OpenableRowProps) => {
  const move = (event: KeyboardEvent<HTMLTableRowElement>): void => {
    // Keys that are meant for the link or a button in the row stay theirs.
    if (event.target !== event.currentTarget) return;
    const row = event.currentTarget;
    if (event.key === 'Enter') onOpen();
    else if (event.key === 'Delete' && onDelete !== undefined) onDelete();
    else if (event.key === 'ArrowDown') (row.nextElementSibling as HTMLElement | null)?.focus();
    else if (event.key === 'ArrowUp') (row.previousElementSibling as HTMLElement | null)?.focus();
    else return;
    event.preventDefault();
  };
  return (
    <tr
      tabIndex={0}
      className={`${ROW} cursor-pointer -outline-offset-2 hover:bg-hover ${className}`}
      onClick={(event) => {
        // A click that ends a selection of text is none.
        if ((event.target as Element).closest('a, button') === null && getSelection()?.isCollapsed !== false) onOpen();
      }}
      onKeyDown={move}
    >
      {children}
    </tr>
  );
};
