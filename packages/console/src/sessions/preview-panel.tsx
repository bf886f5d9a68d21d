import type { Avatar, Canvas, CreateSessionInput, Framing } from '@backlot/client';
import { Play, RotateCcw, Square } from 'lucide-react';
import type { ReactNode } from 'react';
import { Button } from '../ui/button.js';
import { ErrorNotice } from '../ui/error-notice.js';
import { FramingPreview, type PreviewBackground } from './framing-preview.js';
import { LivePlayer } from './player-element.js';
import { type LivePreview, useLivePreview } from './use-live-preview.js';

/** What speaking avatars say, so that the voice is heard. */
const LINE = 'This is how I look and sound.';

export interface PreviewPanelProps {
  /** Null: not chosen, or not complete. */
  readonly avatar: Avatar | null;
  readonly speaks: boolean;
  readonly framing: Framing;
  readonly canvas: Canvas;
  readonly background: PreviewBackground;
  /** What a session is started with. */
  readonly input: CreateSessionInput;
}

/** Whether Backlot brings the avatar itself: others come when somebody publishes them. */
const comesByItself = (avatar: Avatar): boolean => avatar.provider !== 'whip' && avatar.provider !== 'livekit';

/** Classes of a form with its preview beside it; on phones the preview stays in sight above it. */
export const FORM_WITH_PREVIEW = 'flex flex-col gap-8 lg:grid lg:grid-cols-[minmax(0,1fr)_360px] lg:items-start';

/** Where a preview stands. */
export const PreviewAside = ({ children }: { readonly children: ReactNode }) => (
  <aside
    aria-label="Preview"
    className="z-10 -mx-4 bg-canvas px-4 py-3 [--preview-height:26vh] md:-mx-8 md:px-8 lg:order-last lg:mx-0 lg:p-0 lg:[--preview-height:min(56vh,520px)] [@media(min-height:640px)]:sticky [@media(min-height:640px)]:top-14 lg:[@media(min-height:640px)]:top-22"
  >
    {children}
  </aside>
);

/** What is being edited: drawn with the stand-in at once, and on air on demand. */
export const PreviewPanel = ({ avatar, speaks, framing, canvas, background, input }: PreviewPanelProps) => {
  const preview = useLivePreview({ ...input, ...(speaks ? { text: LINE } : {}), metadata: { purpose: 'preview' } });
  return (
    <PreviewAside>
      {preview.session === null ? (
        <FramingPreview framing={framing} canvas={canvas} background={background} />
      ) : (
        <div className="chequered flex justify-center overflow-hidden rounded-lg">
          <LivePlayer key={preview.session.session_id} session={preview.session} height="var(--preview-height)" />
        </div>
      )}
      <div className="mt-2 flex min-h-9 flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <p role="status" className="min-w-0 flex-1 basis-40 text-sm text-ink-soft">
          {describe(preview, avatar)}
        </p>
        <Controls preview={preview} canStart={avatar !== null && comesByItself(avatar)} />
      </div>
      {preview.error !== null && (
        <div className="mt-2">
          <ErrorNotice error={preview.error} title="The preview is not on air" />
        </div>
      )}
    </PreviewAside>
  );
};

const describe = ({ session, isStale, isStarting }: LivePreview, avatar: Avatar | null): string => {
  if (isStale) return 'What has changed shows after another start.';
  if (session !== null) return 'On air. Backgrounds are swapped as you choose them.';
  if (isStarting) return 'Starting';
  if (avatar === null || !comesByItself(avatar)) return 'The stand-in shows where any avatar stands.';
  return 'The stand-in, in place of the avatar. Voice and keying show on air.';
};

const Controls = ({ preview, canStart }: { readonly preview: LivePreview; readonly canStart: boolean }) => {
  const { session, isStale, isStarting, start, stop } = preview;
  if (session === null)
    return (
      <Button disabled={!canStart || isStarting} onClick={start}>
        <Play size={14} aria-hidden />
        See it on air
      </Button>
    );
  return (
    <span className="flex gap-2">
      {isStale && (
        <Button disabled={!canStart || isStarting} onClick={start}>
          <RotateCcw size={14} aria-hidden />
          Start anew
        </Button>
      )}
      <Button onClick={stop}>
        <Square size={14} aria-hidden />
        Stop preview
      </Button>
    </span>
  );
};
