import { BacklotApiError } from '@backlot/client';
import { createContext, type ReactNode, use, useEffect, useRef } from 'react';

const FieldErrorsContext = createContext<BacklotApiError | null>(null);

interface FieldErrorsProps {
  /** Why the API refused the form; null: it has not. */
  readonly error: Error | null;
  readonly children: ReactNode;
}

/** A form whose fields show what the API says of them. The first of them gets the focus. */
export const FieldErrors = ({ error, children }: FieldErrorsProps) => {
  const form = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (error !== null) form.current?.querySelector<HTMLElement>('[aria-invalid=true], [data-field-error]')?.focus();
  }, [error]);
  return (
    <FieldErrorsContext value={error instanceof BacklotApiError ? error : null}>
      <div ref={form} className="contents">
        {children}
      </div>
    </FieldErrorsContext>
  );
};

/** What the API says of a field, by its name; of one with parts also of those that no other field shows. */
export const useFieldError = (field: string | undefined, shownElsewhere: readonly string[] = []): string | undefined => {
  const details = use(FieldErrorsContext)?.details ?? [];
  if (field === undefined) return undefined;
  const own = details.filter((detail) => (detail.field === field || detail.field.startsWith(`${field}.`)) && !shownElsewhere.includes(detail.field));
  if (own.length === 0) return undefined;
  const text = own.map((detail) => (detail.field === field ? detail.message : `${detail.field.slice(field.length + 1)}: ${detail.message}`)).join('; ');
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`.replace(/\.\.$/, '.');
};

interface FieldErrorProps {
  /** For the `aria-describedby` of its field. */
  readonly id: string;
  /** Undefined: there is nothing to say. */
  readonly message: string | undefined;
}

/** What is wrong with a field, under it. */
export const FieldError = ({ id, message }: FieldErrorProps) =>
  message === undefined ? null : (
    <p id={id} data-field-error tabIndex={-1} className="mt-1 text-sm text-danger outline-none">
      {message}
    </p>
  );

/** Attributes of a field that may be wrong. `noteId`: what else describes it. */
export const describeField = (errorId: string, message: string | undefined, noteId?: string) => ({
  'aria-invalid': message !== undefined,
  'aria-describedby': [...(message === undefined ? [] : [errorId]), ...(noteId === undefined ? [] : [noteId])].join(' ') || undefined,
});
