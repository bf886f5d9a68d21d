import { X } from 'lucide-react';
import { type ReactNode, useEffect, useId, useRef } from 'react';
import { IconButton } from './button.js';
import { classes } from './classes.js';

export interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
  readonly footer?: ReactNode;
  readonly size?: 'small' | 'medium' | 'large' | 'full';
}

const WIDTHS = { small: 'max-w-[440px]', medium: 'max-w-[640px]', large: 'max-w-[840px]', full: 'max-w-[1600px] h-full' } as const;

/**
 * A modal dialog, open while it is rendered. The browser's own element traps the focus, closes on Esc and makes the
 * rest inert; it needs no injected style, which the content security policy would refuse. What has `data-autofocus`
 * gets the focus first, and the focus returns to where it was.
 */
export const Dialog = ({ title, onClose, children, footer, size = 'medium' }: DialogProps) => {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const element = dialog.current;
    const opener = document.activeElement;
    element?.showModal();
    element?.querySelector<HTMLElement>('[data-autofocus]')?.focus();
    return () => {
      element?.close();
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      aria-labelledby={titleId}
      className={classes(
        'max-h-[calc(100dvh-32px)] w-[calc(100%-32px)] overflow-hidden rounded-lg bg-raised p-0 shadow-float open:flex open:flex-col',
        WIDTHS[size],
      )}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onMouseDown={(event) => {
        if (event.target === event.currentTarget) onClose();
      }}
    >
      <header className="flex items-center gap-4 border-b border-line py-3 pr-3 pl-5">
        <h2 id={titleId} className="min-w-0 flex-1 truncate text-lg font-semibold">
          {title}
        </h2>
        <IconButton label="Close" onClick={onClose}>
          <X size={16} aria-hidden />
        </IconButton>
      </header>
      <div className="min-h-0 flex-1 overflow-auto p-5">{children}</div>
      {footer !== undefined && <footer className="flex flex-wrap justify-end gap-2 border-t border-line px-5 py-3">{footer}</footer>}
    </dialog>
  );
};
