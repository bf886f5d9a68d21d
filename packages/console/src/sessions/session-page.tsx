import type { PlayerEvents, PlayerStats, PlayerStatus } from '@backlot/player';
import type { CreateSessionInput, Session } from '@backlot/client';
import { useNavigate, useParams } from '@tanstack/react-router';
import { RotateCcw, Square } from 'lucide-react';
import { useState } from 'react';
import { isOnAir, useCreateSession, useEndSession, useSession } from '../api/sessions.js';
import { Page } from '../shell/page.js';
import { useDialog } from '../shell/search.js';
import type { ApiExample } from '../ui/api-dialog.js';
import { Button } from '../ui/button.js';
import { ConfirmDialog } from '../ui/confirm-dialog.js';
import { ErrorNotice } from '../ui/error-notice.js';
import { Skeleton } from '../ui/skeleton.js';
import { StatusPill } from '../ui/status-pill.js';
import { BackgroundStrip } from './background-strip.js';
import { describeAvatar } from './describe-avatar.js';
import { LivePlayer } from './player-element.js';
import { SidePanel } from './side-panel.js';
import { SpeechBox } from './speech-box.js';
import { useLiveSession } from './use-live-session.js';
import { useSwap } from './use-swap.js';

const TRAIL = [{ label: 'On air' }, { label: 'Sessions', to: '/sessions' }] as const;
const GRID = 'grid items-start gap-6 lg:grid-cols-[minmax(0,1fr)_320px]';

/** One session: its live picture and what can be done to it. */
export const SessionPage = () => {
  const { id = '' } = useParams({ strict: false });
  const query = useSession(id);
  if (query.data !== undefined) return <LoadedSession key={id} session={query.data} />;
  return (
    <Page title={query.error === null ? 'Session' : 'Not shown'} trail={TRAIL} api={apiExamples(id)}>
      {query.error === null ? (
        <div role="status" aria-label="Loading the session" className={GRID}>
          <div className="flex flex-col gap-4">
            <Skeleton className="aspect-video w-full" />
            <Skeleton className="h-25 w-full" />
          </div>
          <Skeleton className="h-72 w-full" />
        </div>
      ) : (
        <ErrorNotice
          error={query.error}
          title="The session can’t be shown"
          {...(query.error.code === 'session_not_found' ? {} : { onRetry: () => void query.refetch() })}
        />
      )}
    </Page>
  );
};

const LoadedSession = ({ session }: { readonly session: Session }) => {
  const [state, note] = useLiveSession(session);
  const swap = useSwap(session.session_id, state.background, (tookMs) => note('swap', `shown after ${tookMs} ms`));
  const { dialog, open, close } = useDialog();
  const [player, setPlayer] = useState<PlayerStatus>('idle');
  const [stats, setStats] = useState<PlayerStats | null>(null);
  const [verdict, setVerdict] = useState<PlayerEvents['backlotkeying'] | null>(null);
  const [spoken, setSpoken] = useState<string | null>(null);
  // The stream knows first; a session that was ended elsewhere is known by reading it again.
  const status = isOnAir(session.status) ? state.status : session.status;
  const reason = state.reason ?? session.reason;
  const caption = state.caption ?? spoken;
  return (
    <Page
      title={describeAvatar(session.avatar)}
      note={
        <span role="status" className="mt-1 flex flex-wrap items-center gap-2">
          <StatusPill status={status} />
        </span>
      }
      trail={TRAIL}
      api={apiExamples(session.session_id)}
      actions={
        isOnAir(status) ? (
          <Button className="hover:text-danger" onClick={() => open('end')}>
            <Square size={14} aria-hidden />
            End session
          </Button>
        ) : undefined
      }
    >
      <div className={GRID}>
        {isOnAir(status) ? (
          <div className="flex min-w-0 flex-col gap-5">
            <div>
              <div className="chequered flex justify-center overflow-hidden rounded-lg">
                <LivePlayer
                  session={session}
                  onStatus={(name, why) => {
                    setPlayer(name);
                    note('player', why === null ? name : `${name}: ${why}`);
                  }}
                  onBackground={swap.shown}
                  onSpeech={(speech) => setSpoken(speech.state === 'started' ? speech.text : null)}
                  onKeying={setVerdict}
                  onStats={setStats}
                />
              </div>
              <p role="status" aria-label="Caption" className="mt-3 min-h-6 text-center text-lg wrap-anywhere">
                {caption}
              </p>
            </div>
            {state.error !== null && <ErrorNotice error={state.error} title="The session can’t be followed" onRetry={() => location.reload()} />}
            <BackgroundStrip swap={swap} />
            <SpeechBox sessionId={session.session_id} speaks={session.speaks} isLive={status === 'live'} />
          </div>
        ) : (
          <DeadSession session={session} hasFailed={status === 'failed'} reason={reason} backgroundId={state.background.background_id} />
        )}
        <SidePanel session={session} state={{ ...state, status }} player={player} stats={stats} verdict={verdict} />
      </div>
      {dialog === 'end' && isOnAir(status) && <EndDialog id={session.session_id} onClose={close} />}
    </Page>
  );
};

interface DeadSessionProps {
  readonly session: Session;
  readonly hasFailed: boolean;
  readonly reason: Session['reason'];
  readonly backgroundId: string | null;
}

/** Why a session is over, and the way to another one. */
const DeadSession = ({ session, hasFailed, reason, backgroundId }: DeadSessionProps) => {
  const create = useCreateSession();
  const navigate = useNavigate();
  const again: CreateSessionInput = {
    avatar: session.avatar,
    canvas: session.canvas,
    fit: session.fit,
    framing: session.framing,
    keying: session.keying,
    render: session.render,
    metadata: session.metadata,
    background_image: backgroundId,
  };
  const start = (input: CreateSessionInput): void =>
    create.mutate(input, { onSuccess: ({ session_id: id }) => void navigate({ to: '/sessions/$id', params: { id }, search: {} }) });
  return (
    <div className="card flex flex-col items-center px-6 py-16 text-center">
      <h2 className="text-lg font-semibold">{hasFailed ? 'This session failed' : 'This session has ended'}</h2>
      <p className="mt-1 max-w-120 text-ink-soft">{reason?.message ?? 'No reason was given.'}</p>
      {reason !== null && <code className="mt-2 font-mono text-xs text-ink-soft">{reason.code}</code>}
      <Button variant="primary" className="mt-5" disabled={create.isPending} onClick={() => start(again)}>
        <RotateCcw size={16} aria-hidden />
        {create.isPending ? 'Starting' : 'Start another like it'}
      </Button>
      {create.error !== null && (
        <div className="mt-5 w-full max-w-130 text-left">
          <ErrorNotice error={create.error} title="No other session started" />
          {create.error.code === 'background_image_not_found' && (
            <Button className="mt-3" onClick={() => start({ ...again, background_image: null })}>
              Start without a background
            </Button>
          )}
        </div>
      )}
    </div>
  );
};

const EndDialog = ({ id, onClose }: { readonly id: string; readonly onClose: () => void }) => {
  const end = useEndSession();
  return (
    <ConfirmDialog
      title="End session"
      action="End session"
      pendingAction="Ending"
      isPending={end.isPending}
      error={end.error}
      errorTitle="The session was not ended"
      onConfirm={() => end.mutate(id, { onSuccess: onClose })}
      onClose={onClose}
    >
      <p>The avatar goes off air and every viewer sees that it has ended. An ended session can’t be started again.</p>
    </ConfirmDialog>
  );
};

const apiExamples = (id: string): readonly ApiExample[] => [
  {
    title: 'Swap the background',
    method: 'POST',
    path: `/v1/sessions/${id}/background`,
    body: { background_image: 'bg_…', transition_ms: 400 },
    typescript: `await backlot.sessions.setBackground('${id}', { background_image: image.id });`,
  },
  { title: 'Remove the background', method: 'DELETE', path: `/v1/sessions/${id}/background`, typescript: `await backlot.sessions.removeBackground('${id}');` },
  {
    title: 'Make it speak',
    method: 'POST',
    path: `/v1/sessions/${id}/speech`,
    body: { text: 'Hello.' },
    typescript: `await backlot.sessions.speak('${id}', 'Hello.');`,
  },
  {
    title: 'Follow its events',
    method: 'GET',
    path: `/v1/sessions/${id}/events`,
    typescript: `for await (const { event, data } of backlot.sessions.events('${id}')) {\n  console.log(event, data);\n}`,
  },
  { title: 'End it', method: 'DELETE', path: `/v1/sessions/${id}`, typescript: `await backlot.sessions.end('${id}');` },
];
