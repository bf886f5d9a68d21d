import type { BacklotApiError, Speech } from '@backlot/client';
import { useMutation } from '@tanstack/react-query';
import { MessageSquare } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { useBacklot } from '../api/backlot-context.js';
import { Button } from '../ui/button.js';
import { ErrorNotice } from '../ui/error-notice.js';

/** Makes the avatar say something. */
export const SpeechBox = ({ sessionId, speaks, isLive }: { readonly sessionId: string; readonly speaks: boolean; readonly isLive: boolean }) => {
  const backlot = useBacklot();
  const [text, setText] = useState('');
  const speak = useMutation<Speech, BacklotApiError, string>({ mutationFn: (words) => backlot.sessions.speak(sessionId, words), onSuccess: () => setText('') });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (text.trim() !== '') speak.mutate(text.trim());
  };
  if (!speaks) return <p className="text-ink-soft">This avatar brings its own voice: it can’t be made to say something here.</p>;
  return (
    <form onSubmit={submit}>
      <label htmlFor="speech" className="mb-1 block font-semibold">
        Speech
      </label>
      <div className="flex gap-2">
        <input
          id="speech"
          className="field min-w-0 flex-1"
          placeholder="What should the avatar say?"
          autoComplete="off"
          maxLength={2000}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <Button type="submit" variant="primary" disabled={!isLive || text.trim() === '' || speak.isPending}>
          <MessageSquare size={16} aria-hidden />
          Speak
        </Button>
      </div>
      <p role="status" className="mt-1 text-sm text-ink-soft">
        {!isLive
          ? 'The avatar can speak once it is live.'
          : speak.data?.audible === false
            ? 'This server has no voice (espeak-ng): the avatar moves its lips and captions show.'
            : ''}
      </p>
      {speak.error !== null && <ErrorNotice error={speak.error} title="The avatar did not take it" />}
    </form>
  );
};
