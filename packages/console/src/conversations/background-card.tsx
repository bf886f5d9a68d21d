import type { ConversationDetail, LiveConversationBackground } from '@backlot/client';
import { ImagePlus, RotateCw, Trash2, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { useConversationBackground, useRemoveConversationBackground } from '../api/conversations.js';
import { formatBytes, formatSize } from '../library/format.js';
import { Button, IconButton } from '../ui/button.js';
import { ErrorNotice } from '../ui/error-notice.js';
import { Facts } from '../ui/facts.js';
import { IdText } from '../ui/id-text.js';
import { Pill } from '../ui/pill.js';
import { RelativeTime } from '../ui/relative-time.js';
import { Skeleton } from '../ui/skeleton.js';
import { channelLabel } from './describe.js';

interface BackgroundCardProps {
  readonly conversation: ConversationDetail;
  /** What the last change came to, in words. */
  readonly said: string;
  readonly onSet: () => void;
  readonly onRemoved: () => void;
}

/** Why a conversation can't have a background; null when it can. */
const refusalOf = (conversation: ConversationDetail): string | null => {
  if (conversation.channel !== 'imessage') return `Backgrounds exist on iMessage only; this conversation goes by ${channelLabel(conversation)}.`;
  return conversation.capabilities.background.set ? null : 'The messaging provider can’t set backgrounds.';
};

/** Whether there is a background that is not of ours. */
export const isForeign = ({ hasBackground, image }: LiveConversationBackground): boolean => hasBackground && image === null;

/** The conversation's background as it is now, and what can be done to it. */
export const BackgroundCard = ({ conversation, said, onSet, onRemoved }: BackgroundCardProps) => {
  const query = useConversationBackground(conversation.id);
  const remove = useRemoveConversationBackground(conversation.id);
  const refusal = refusalOf(conversation);
  const background = query.data;
  return (
    <section aria-label="Background" className="card p-4">
      <div className="flex flex-wrap items-center gap-2">
        <h2 className="font-semibold">Background</h2>
        {background !== undefined && <StatePill background={background} />}
        <span className="flex-1" />
        <IconButton label="Ask again" disabled={query.isFetching} onClick={() => void query.refetch()}>
          <RotateCw size={15} aria-hidden className={query.isFetching ? 'animate-spin' : ''} />
        </IconButton>
        {background?.hasBackground === true && conversation.capabilities.background.remove && (
          <Button className="hover:text-danger" disabled={remove.isPending} onClick={() => remove.mutate(undefined, { onSuccess: onRemoved })}>
            <Trash2 size={15} aria-hidden />
            {remove.isPending ? 'Removing' : 'Remove'}
          </Button>
        )}
        <Button variant="primary" disabled={refusal !== null} onClick={onSet}>
          <ImagePlus size={15} aria-hidden />
          Set background
        </Button>
      </div>
      <p role="status" className="text-sm text-ink-soft not-empty:mt-2">
        {said}
      </p>
      <div className="mt-3 flex flex-col gap-3">
        {refusal !== null && <p className="text-ink-soft">{refusal}</p>}
        {query.error !== null && <ErrorNotice error={query.error} title="The background can’t be told" onRetry={() => void query.refetch()} />}
        {remove.error !== null && <ErrorNotice error={remove.error} title="The background was not removed" />}
        {background === undefined
          ? query.error === null && <Skeleton className="h-16 w-full" />
          : (refusal === null || background.backgroundVersion !== null) && <State background={background} />}
      </div>
    </section>
  );
};

const StatePill = ({ background }: { readonly background: LiveConversationBackground }) => {
  if (!background.hasBackground) return <Pill tone="neutral">None</Pill>;
  return isForeign(background) ? <Pill tone="warning">Somebody else’s</Pill> : <Pill tone="ok">Ours</Pill>;
};

const State = ({ background }: { readonly background: LiveConversationBackground }) => {
  const { image, backgroundId, backgroundVersion, source, checkedAt, warnings } = background;
  const facts: (readonly [string, ReactNode])[] = [
    ['Version', backgroundVersion ?? 'Never changed'],
    ...(image === null ? [] : [['Image', `${formatSize(image)} ${image.format.toUpperCase()}, ${formatBytes(image.sizeBytes)}`] as const]),
    ...(backgroundId === null ? [] : [['Id', <IdText key="id" id={backgroundId} what="background id" />] as const]),
    [
      'Known from',
      source === 'provider' ? (
        <>
          the provider
          {checkedAt !== null && (
            <>
              , <RelativeTime time={checkedAt} />
            </>
          )}
        </>
      ) : (
        'what Backlot did last: this provider can’t tell'
      ),
    ],
  ];
  return (
    <>
      {isForeign(background) && (
        <p className="text-ink-soft">It was set on a phone or by another program. Everybody in the chat can change it; setting one here replaces it.</p>
      )}
      <Facts facts={facts} />
      {background.hasBackground && warnings.length > 0 && (
        <ul aria-label="What the recipient will see" className="flex flex-col gap-1.5 border-t border-line pt-3">
          {warnings.map(({ code, message }) => (
            <li key={code} className="flex gap-2 text-sm text-ink-soft">
              <TriangleAlert size={14} aria-hidden className="mt-0.5 shrink-0 text-warning" />
              {message}
            </li>
          ))}
        </ul>
      )}
    </>
  );
};
