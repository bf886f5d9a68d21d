import { Backoff, pause } from './backoff.js';
import type { LivekitSource } from './livekit/livekit-source.js';

/** The part for LiveKit, which only viewers of LiveKit load. */
export type LivekitPart = { readonly LivekitSource: typeof LivekitSource };

/** Loads the part for LiveKit from the folder of the player's files, until it is there or nobody wants it any more. */
export const loadLivekit = async (filesUrl: URL, signal: AbortSignal): Promise<LivekitPart | null> => {
  const backoff = new Backoff();
  for (let attempt = 0; !signal.aborted; attempt++) {
    try {
      const url = new URL('livekit.js', filesUrl);
      // Some browsers remember that a module could not be loaded.
      if (attempt > 0) url.searchParams.set('attempt', String(attempt));
      return (await import(/* @vite-ignore */ url.href)) as LivekitPart;
    } catch {
      await pause(backoff.next(), signal);
    }
  }
  return null;
};
