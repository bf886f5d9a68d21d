import type { PlayerEvents, PlayerStats, PlayerStatus } from '@backlot/player';
import type { Session } from '@backlot/client';
import type { ReactNode } from 'react';
import { CodeBlock } from '../ui/code-block.js';
import { Facts } from '../ui/facts.js';
import { IdText } from '../ui/id-text.js';
import { RelativeTime } from '../ui/relative-time.js';
import type { LiveState, LogEntry } from './use-live-session.js';

const STAGES = { embedded: 'This server', livekit: 'LiveKit' } as const;

/** Where the avatar stands, in a few words. */
const describeFraming = ({ scale, x, y, crop }: Session['framing']): string => {
  const shifts = [
    ...(scale === 1 ? [] : [`${Math.round(scale * 100)} %`]),
    ...(x === 0 ? [] : [`${Math.round(Math.abs(x) * 100)} % ${x > 0 ? 'right' : 'left'}`]),
    ...(y === 0 ? [] : [`${Math.round(Math.abs(y) * 100)} % ${y > 0 ? 'down' : 'up'}`]),
    ...(crop === 'person' ? ['cropped to the person'] : []),
  ];
  return shifts.length === 0 ? 'As it fits' : shifts.join(', ');
};

/** Whether the picture that the server composes is there: what viewers see is what it sends. */
const describeCompositor = (player: PlayerStatus): string => {
  switch (player) {
    case 'playing':
      return 'On air';
    case 'paused':
      return 'Paused with the avatar';
    case 'failed':
    case 'ended':
      return 'Not seen here';
    case 'idle':
    case 'connecting':
    case 'waiting':
      return 'Not there yet';
  }
};

const describeVerdict = (verdict: PlayerEvents['backlotkeying'] | null): string => {
  if (verdict === null) return 'Not known yet';
  return verdict.keyable ? `Clean screen, ${verdict.key}` : (verdict.reason ?? 'Not possible');
};

export interface SidePanelProps {
  readonly session: Session;
  readonly state: LiveState;
  /** Where the player on this page stands. */
  readonly player: PlayerStatus;
  readonly stats: PlayerStats | null;
  readonly verdict: PlayerEvents['backlotkeying'] | null;
}

type Fact = readonly [name: string, value: ReactNode];

const factsOf = ({ session, state, player, stats, verdict }: SidePanelProps): readonly Fact[] => {
  const facts: Fact[] = [];
  facts.push(['Canvas', `${session.canvas.width} × ${session.canvas.height}`], ['Stage', STAGES[session.stage]]);
  if (session.livekit_room !== null) facts.push(['Room', session.livekit_room]);
  if (session.livekit_identity !== null) facts.push(['Viewer', session.livekit_identity]);
  facts.push(['Rendered', session.render === 'client' ? 'By each viewer' : 'By the server'], ['Framing', describeFraming(session.framing)]);
  if (state.status === 'live' || state.status === 'starting') {
    facts.push(
      ['Viewers', state.viewers],
      ['Codec', state.codec ?? 'Not known yet'],
      ['Frame rate', stats === null || stats.rateFps === 0 ? 'Not known yet' : `${stats.rateFps.toFixed(1)} fps`],
      ['Dropped frames', stats === null ? 'Not known yet' : stats.framesDropped],
      session.render === 'server' ? ['Compositor', describeCompositor(player)] : ['Keying', describeVerdict(verdict)],
    );
  }
  facts.push(['Background version', state.background.background_version], ['Created', <RelativeTime key="created" time={session.created_at} />]);
  if (session.ended_at !== null) facts.push(['Ended', <RelativeTime key="ended" time={session.ended_at} />]);
  return facts;
};

/** Figures, addresses and log of a session. */
export const SidePanel = (props: SidePanelProps) => {
  const { session, state } = props;
  const isOnAir = state.status === 'live' || state.status === 'starting';
  return (
    <div className="flex min-w-0 flex-col gap-4">
      <section aria-label="Facts" className="card p-4">
        <Facts facts={factsOf(props)} />
      </section>
      {isOnAir && session.publish_url !== null && (
        <section className="card p-4">
          <h2 className="font-semibold">Publish</h2>
          <p className="mt-1 mb-3 text-sm text-ink-soft">In OBS: Settings, Stream, Service “WHIP”. Use a green or blue screen.</p>
          <h3 className="mb-1 text-sm">Server</h3>
          <CodeBlock code={session.publish_url} what="WHIP address" />
          <h3 className="mt-3 mb-1 text-sm">Bearer token</h3>
          <CodeBlock code={session.publish_token ?? ''} what="publish token" />
        </section>
      )}
      {isOnAir && session.stage === 'livekit' && (
        <section className="card p-4">
          <h2 className="font-semibold">Join by LiveKit</h2>
          <p className="mt-1 mb-3 text-sm text-ink-soft">
            For a page of your own: <code className="font-mono text-xs">attachBackground</code> keys the avatar there.
          </p>
          <h3 className="mb-1 text-sm">Address</h3>
          <CodeBlock code={session.stream_url} what="LiveKit address" />
          <h3 className="mt-3 mb-1 text-sm">Access token, valid for six hours</h3>
          <CodeBlock code={session.access_token} what="access token" />
        </section>
      )}
      {isOnAir && (
        <section className="card p-4">
          <h2 className="font-semibold">Embed</h2>
          <p className="mt-1 mb-3 text-sm text-ink-soft">
            On any page, or{' '}
            <a href={session.player_url} target="_blank" rel="noreferrer" className="rounded-sm text-accent underline">
              open the player
            </a>
            .
          </p>
          <CodeBlock
            what="embedding code"
            code={`<script src="${location.origin}/player/backlot-player.js"></script>\n<backlot-player\n  session="${location.origin}/v1/sessions/${session.session_id}"\n  token="${session.player_token}"\n></backlot-player>`}
          />
        </section>
      )}
      {isOnAir && <EventLog log={state.log} isFollowing={state.isFollowing} />}
      <section aria-label="Session id" className="px-1 text-ink-soft">
        <IdText id={session.session_id} what="session id" />
      </section>
    </div>
  );
};

const clock = new Intl.DateTimeFormat('en', { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false });

const EventLog = ({ log, isFollowing }: { readonly log: readonly LogEntry[]; readonly isFollowing: boolean }) => (
  <section className="card p-4">
    <div className="mb-2 flex items-center justify-between">
      <h2 className="font-semibold">Events</h2>
      <span className="text-xs text-ink-soft">{isFollowing ? 'Following' : 'Connecting'}</span>
    </div>
    {log.length === 0 ? (
      <p className="text-sm text-ink-soft">Nothing yet.</p>
    ) : (
      <ol tabIndex={0} aria-label="Events, newest first" className="max-h-60 overflow-y-auto rounded-sm text-xs">
        {log.map(({ id, atMs, name, text }) => (
          <li key={id} className="grid grid-cols-[auto_auto_minmax(0,1fr)] gap-2 py-1">
            <time className="text-ink-soft tabular-nums">{clock.format(atMs)}</time>
            <span className="font-medium">{name}</span>
            <span className="truncate text-ink-soft" title={text}>
              {text}
            </span>
          </li>
        ))}
      </ol>
    )}
  </section>
);
