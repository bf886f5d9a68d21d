import { Info } from 'lucide-react';

/** What will happen to an image: advice, never a refusal. */
export const AdviceList = ({ advice }: { readonly advice: readonly string[] }) =>
  advice.length === 0 ? null : (
    <ul className="flex flex-col gap-1.5 rounded-md bg-warning-soft px-3 py-2.5 text-sm">
      {advice.map((message) => (
        <li key={message} className="flex gap-2">
          <Info size={14} className="mt-[3px] shrink-0 text-warning" aria-hidden />
          <span className="min-w-0 wrap-anywhere">{message}</span>
        </li>
      ))}
    </ul>
  );
