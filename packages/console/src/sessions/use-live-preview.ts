import { BacklotApiError, type CreateSessionInput, type Session } from '@backlot/client';
import { useEffect, useRef, useState } from 'react';
import { useBacklot } from '../api/backlot-context.js';
import { useCreateSession } from '../api/sessions.js';

/** What one session of a preview was started with, but for the background, which is swapped on air. */
const lookOf = ({ background_image: _swapped, ...look }: CreateSessionInput): string => JSON.stringify(look);

/** A session on air that shows what is being edited. */
export interface LivePreview {
  /** Null: nothing is on air. */
  readonly session: Session | null;
  readonly isStarting: boolean;
  /** Whether something has changed that only another session shows. */
  readonly isStale: boolean;
  readonly error: BacklotApiError | null;
  readonly start: () => void;
  readonly stop: () => void;
}

/** Puts what is being edited on air, swaps its background as it changes, and ends it with the page. */
export const useLivePreview = (input: CreateSessionInput): LivePreview => {
  const backlot = useBacklot();
  const create = useCreateSession();
  const [session, setSession] = useState<Session | null>(null);
  const [look, setLook] = useState('');
  const [swapError, setSwapError] = useState<BacklotApiError | null>(null);
  const shown = useRef<string | null>(null);
  const background = input.background_image ?? null;
  const id = session?.session_id ?? null;

  useEffect(() => {
    if (id === null) return undefined;
    const path = `/v1/sessions/${encodeURIComponent(id)}`;
    // What leaves no time for an answer: the request outlives the page.
    const end = (): void => void fetch(path, { method: 'DELETE', keepalive: true }).catch(() => undefined);
    window.addEventListener('pagehide', end);
    return () => {
      window.removeEventListener('pagehide', end);
      end();
    };
  }, [id]);

  useEffect(() => {
    if (id === null || shown.current === background) return;
    shown.current = background;
    const swap = background === null ? backlot.sessions.removeBackground(id) : backlot.sessions.setBackground(id, { background_image: background });
    swap.then(
      () => setSwapError(null),
      (error: unknown) => setSwapError(error instanceof BacklotApiError ? error : null),
    );
  }, [backlot, id, background]);

  return {
    session,
    isStarting: create.isPending,
    isStale: session !== null && lookOf(input) !== look,
    error: create.error ?? swapError,
    start: () => {
      shown.current = background;
      setLook(lookOf(input));
      setSwapError(null);
      create.mutate(input, { onSuccess: setSession });
    },
    stop: () => setSession(null),
  };
};
