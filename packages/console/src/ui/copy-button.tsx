import { Check, Copy } from 'lucide-react';
import { useEffect, useState } from 'react';
import { IconButton } from './button.js';

/** Copies a text and says so for a moment. `what` names it: "Copy session id". */
export const CopyButton = ({ text, what, className }: { readonly text: string; readonly what: string; readonly className?: string }) => {
  const [state, setState] = useState<'idle' | 'copied' | 'failed'>('idle');
  useEffect(() => {
    if (state === 'idle') return undefined;
    const timer = setTimeout(() => setState('idle'), 2_000);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = (): void => {
    // Absent on plain http pages other than localhost.
    if (!('clipboard' in navigator)) {
      setState('failed');
      return;
    }
    navigator.clipboard.writeText(text).then(
      () => setState('copied'),
      () => setState('failed'),
    );
  };
  return (
    <>
      <IconButton
        label={state === 'copied' ? 'Copied' : state === 'failed' ? `Can't copy: select the text instead` : `Copy ${what}`}
        className={className}
        onClick={(event) => {
          event.stopPropagation();
          copy();
        }}
      >
        {state === 'copied' ? <Check size={14} aria-hidden className="text-accent" /> : <Copy size={14} aria-hidden />}
      </IconButton>
      <span role="status" className="sr-only">
        {state === 'copied' ? 'Copied' : ''}
      </span>
    </>
  );
};
