import type { Session } from '@backlot/client';
import type { BacklotPlayer, PlayerEvents, PlayerStats, PlayerStatus } from '@backlot/player';
import { type ClassAttributes, type HTMLAttributes, useEffect, useRef, useState } from 'react';

/** Attributes of `<backlot-player>` in JSX. */
export interface PlayerAttributes extends HTMLAttributes<BacklotPlayer>, ClassAttributes<BacklotPlayer> {
  readonly session: string;
  readonly token: string;
  readonly muted?: boolean;
}

declare module 'react' {
  // React reads the types of elements from there.
  // oxlint-disable-next-line typescript/no-namespace
  namespace JSX {
    interface IntrinsicElements {
      'backlot-player': PlayerAttributes;
    }
  }
}

const SCRIPT = '/player/backlot-player.js';

/** Loads the player as any page does: by a script tag, once. */
const usePlayerScript = (): 'loading' | 'ready' | 'failed' => {
  const [state, setState] = useState<'loading' | 'ready' | 'failed'>(() => (customElements.get('backlot-player') === undefined ? 'loading' : 'ready'));
  useEffect(() => {
    if (state !== 'loading') return undefined;
    let script = document.querySelector<HTMLScriptElement>(`script[src="${SCRIPT}"]`);
    if (script === null) {
      script = document.createElement('script');
      script.src = SCRIPT;
      document.head.append(script);
    }
    const fail = (): void => {
      // Taken out, so that a later visit tries anew.
      script.remove();
      setState('failed');
    };
    let isGone = false;
    void customElements.whenDefined('backlot-player').then(() => isGone || setState('ready'));
    script.addEventListener('error', fail, { once: true });
    return () => {
      isGone = true;
      script.removeEventListener('error', fail);
    };
  }, [state]);
  return state;
};

export interface LivePlayerProps {
  readonly session: Session;
  /** Most of its height, as a CSS length. */
  readonly height?: string;
  readonly onStatus?: (status: PlayerStatus, reason: string | null) => void;
  readonly onBackground?: (version: number, shownAtMs: number) => void;
  readonly onSpeech?: (speech: PlayerEvents['backlotspeech']) => void;
  readonly onKeying?: (verdict: PlayerEvents['backlotkeying']) => void;
  readonly onStats?: (stats: PlayerStats) => void;
}

/** The session's picture, as every viewer sees it. */
export const LivePlayer = ({ session, height = '70vh', ...handlers }: LivePlayerProps) => {
  const script = usePlayerScript();
  const element = useRef<BacklotPlayer>(null);
  const current = useRef(handlers);
  useEffect(() => {
    current.current = handlers;
  });
  useEffect(() => {
    const player = element.current;
    if (player === null) return undefined;
    const listening = new AbortController();
    const listen = <Name extends keyof PlayerEvents>(name: Name, handle: (detail: PlayerEvents[Name]) => void): void =>
      player.addEventListener(name, (event) => handle((event as CustomEvent<PlayerEvents[Name]>).detail), { signal: listening.signal });
    listen('backlotstatus', ({ status, reason }) => current.current.onStatus?.(status, reason));
    listen('backlotbackground', ({ version, shownAtMs }) => current.current.onBackground?.(version, shownAtMs));
    listen('backlotspeech', (speech) => current.current.onSpeech?.(speech));
    listen('backlotkeying', (verdict) => current.current.onKeying?.(verdict));
    const timer = setInterval(() => script === 'ready' && current.current.onStats?.(player.stats), 1_000);
    return () => {
      listening.abort();
      clearInterval(timer);
    };
  }, [script]);
  if (script === 'failed') {
    return (
      <div role="alert" className="flex aspect-video items-center justify-center p-6 text-center">
        The player could not be loaded. Reload the page to try again.
      </div>
    );
  }
  return (
    <backlot-player
      ref={element}
      session={`${location.origin}/v1/sessions/${session.session_id}`}
      token={session.player_token}
      className="block w-full"
      style={{
        aspectRatio: `${session.canvas.width} / ${session.canvas.height}`,
        maxWidth: `calc(${height} * ${session.canvas.width / session.canvas.height})`,
      }}
    />
  );
};
