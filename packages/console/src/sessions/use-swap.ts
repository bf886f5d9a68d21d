import { BacklotApiError, type LiveBackground } from '@backlot/client';
import { useEffect, useRef, useState } from 'react';
import { useBacklot } from '../api/backlot-context.js';

/** What the strip offers: nothing, or an image of the library. */
export type Choice = string | null;

/** How the last swap went. */
export interface Swap {
  readonly choose: (choice: Choice) => void;
  /** Tell it what the player has shown. */
  readonly shown: (version: number, shownAtMs: number) => void;
  /** The choice that counts: the one under way, else the current one. */
  readonly current: Choice;
  readonly isPending: boolean;
  /** From the click to the first picture with it, in milliseconds. */
  readonly tookMs: number | null;
  readonly error: BacklotApiError | null;
}

/** Swaps a session's background and measures how long it takes until it is seen here. */
export const useSwap = (sessionId: string, background: LiveBackground, onMeasured: (tookMs: number) => void): Swap => {
  const backlot = useBacklot();
  const [pending, setPending] = useState<{ readonly choice: Choice } | null>(null);
  // The answer may be here before the event, or without it when the stream is being opened anew.
  const [answered, setAnswered] = useState<{ readonly version: number; readonly choice: Choice }>({ version: -1, choice: null });
  const [tookMs, setTookMs] = useState<number | null>(null);
  const [error, setError] = useState<BacklotApiError | null>(null);
  // The answer and the picture come in either order.
  const clicks = useRef(new Map<number, number>());
  const pictures = useRef(new Map<number, number>());
  const turn = useRef(0);
  const measure = (version: number): void => {
    const clickedAtMs = clicks.current.get(version);
    const shownAtMs = pictures.current.get(version);
    if (clickedAtMs === undefined || shownAtMs === undefined) return;
    clicks.current.clear();
    pictures.current.clear();
    const took = Math.max(0, Math.round(shownAtMs - clickedAtMs));
    setTookMs(took);
    onMeasured(took);
  };
  const current = answered.version > background.background_version ? answered.choice : background.background_id;
  useEffect(() => setPending(null), [background.background_version]);
  return {
    current: pending === null ? current : pending.choice,
    isPending: pending !== null,
    tookMs,
    error,
    shown: (version, shownAtMs) => {
      // Only the newest can be waited for.
      if (pictures.current.size > 20) pictures.current.clear();
      pictures.current.set(version, shownAtMs);
      measure(version);
    },
    choose: (choice) => {
      if (choice === (pending === null ? current : pending.choice) && !(choice === null && background.has_background)) return;
      const clickedAtMs = performance.timeOrigin + performance.now();
      const mine = ++turn.current;
      setPending({ choice });
      setError(null);
      const change = choice === null ? backlot.sessions.removeBackground(sessionId) : backlot.sessions.setBackground(sessionId, { background_image: choice });
      change.then(
        ({ background_version: version, changed }) => {
          if (mine === turn.current) setPending(null);
          setAnswered((before) => (version >= before.version ? { version, choice } : before));
          if (!changed) return;
          clicks.current.set(version, clickedAtMs);
          measure(version);
        },
        (thrown: unknown) => {
          if (mine === turn.current) setPending(null);
          setError(
            thrown instanceof BacklotApiError
              ? thrown
              : new BacklotApiError('The answer can’t be read.', { code: 'unexpected_response', status: 0 }, { cause: thrown }),
          );
        },
      );
    },
  };
};
