import { BacklotApiError } from '@backlot/client';
import { ERROR_CODES, isErrorCode } from '@backlot/contract';
import { CircleAlert } from 'lucide-react';
import { Button } from './button.js';
import { CopyButton } from './copy-button.js';

const CLIENT_REMEDIES: Readonly<Record<string, string>> = {
  connection_failed: 'Check that Backlot is running and that you are online, then try again.',
  timeout: 'The server may be busy. Try again in a moment.',
  unexpected_response: "Something between this page and Backlot may have answered. Try again, or look at the server's log.",
};

/** What to do about an error, in one or two sentences. */
export const remedyOf = (error: Error): string => {
  if (!(error instanceof BacklotApiError)) return "Reload the page. If it stays, look at the browser's console.";
  return isErrorCode(error.code) ? ERROR_CODES[error.code].remedy : (CLIENT_REMEDIES[error.code] ?? '');
};

/** Remedies are Markdown in the API's documentation; only code spans occur. */
const Remedy = ({ text }: { readonly text: string }) => (
  <>
    {text.split('`').map((part, index) =>
      index % 2 === 1 ? (
        <code key={index} className="font-mono text-xs">
          {part}
        </code>
      ) : (
        part
      ),
    )}
  </>
);

export interface ErrorNoticeProps {
  readonly error: Error;
  /** What did not work: "The library can't be shown". */
  readonly title: string;
  readonly onRetry?: () => void;
}

/** Says what happened, why, and what to do, with the code and the request id that support asks for. */
export const ErrorNotice = ({ error, title, onRetry }: ErrorNoticeProps) => (
  <div role="alert" className="flex gap-3 rounded-lg border border-line bg-danger-soft p-4">
    <CircleAlert size={16} className="mt-0.5 shrink-0 text-danger" aria-hidden />
    <div className="min-w-0 flex-1">
      <p className="font-medium">{title}</p>
      <p className="mt-0.5 wrap-anywhere text-ink">
        {error.message} <Remedy text={remedyOf(error)} />
      </p>
      {error instanceof BacklotApiError && error.details.length > 0 && (
        <ul className="mt-1 list-disc pl-5">
          {error.details.map(({ field, message }) => (
            <li key={`${field} ${message}`}>
              <code className="font-mono text-xs">{field}</code>: {message}
            </li>
          ))}
        </ul>
      )}
      {error instanceof BacklotApiError && (
        <p className="mt-2 flex flex-wrap items-center gap-x-3 font-mono text-xs text-ink">
          <span>{error.code}</span>
          {error.requestId !== null && (
            <span className="flex min-w-0 items-center gap-1">
              <span className="truncate">{error.requestId}</span>
              <CopyButton text={error.requestId} what="request id" />
            </span>
          )}
        </p>
      )}
      {onRetry !== undefined && (
        <Button className="mt-3" onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  </div>
);
