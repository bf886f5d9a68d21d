import { CopyButton } from './copy-button.js';

/** An id in full with its copy button. */
export const IdText = ({ id, what }: { readonly id: string; readonly what: string }) => (
  <span className="inline-flex max-w-full min-w-0 items-center gap-1">
    <code className="min-w-0 font-mono text-xs wrap-anywhere">{id}</code>
    <CopyButton text={id} what={what} />
  </span>
);
