import { CopyButton } from './copy-button.js';

/** Code that can be copied. */
export const CodeBlock = ({ code, what }: { readonly code: string; readonly what: string }) => (
  <div className="relative rounded-md border border-line bg-sunken">
    <pre tabIndex={0} aria-label={what} className="overflow-x-auto rounded-md p-3 pr-12 font-mono text-xs leading-5">
      {code}
    </pre>
    <span className="absolute inset-y-0 right-0 rounded-r-md bg-sunken p-1">
      <CopyButton text={code} what={what} />
    </span>
  </div>
);
