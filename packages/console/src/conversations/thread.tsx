import type { ConversationDetail, Message } from '@backlot/client';
import { Paperclip } from 'lucide-react';
import { Fragment, useLayoutEffect, useRef } from 'react';
import { useMessages, useShowTyping } from '../api/conversations.js';
import { Button } from '../ui/button.js';
import { classes } from '../ui/classes.js';
import { ErrorNotice } from '../ui/error-notice.js';
import { Skeleton } from '../ui/skeleton.js';
import { nameOf } from './describe.js';

const day = new Intl.DateTimeFormat('en', { weekday: 'long', day: 'numeric', month: 'long' });
const clock = new Intl.DateTimeFormat('en', { hour: 'numeric', minute: '2-digit' });
/** So near to its end a thread follows what comes, in pixels. */
const NEAR_END_PX = 80;

/** What was written, oldest first, newest in sight; older messages on demand. */
export const Thread = ({ conversation }: { readonly conversation: ConversationDetail }) => {
  const query = useMessages(conversation.id);
  const messages = query.data?.pages.flatMap(({ data }) => data).toReversed();
  const box = useRef<HTMLDivElement>(null);
  const wasNearEnd = useRef(true);
  const heightBefore = useRef(0);
  const oldest = messages?.[0]?.id;
  const newest = messages?.at(-1)?.id;
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    // New ones at the end are followed; older ones above don't move what is being read.
    if (wasNearEnd.current) element.scrollTop = element.scrollHeight;
    else element.scrollTop += Math.max(0, element.scrollHeight - heightBefore.current);
    heightBefore.current = element.scrollHeight;
  }, [oldest]);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null || !wasNearEnd.current) return;
    element.scrollTop = element.scrollHeight;
    heightBefore.current = element.scrollHeight;
  }, [newest]);
  return (
    <section aria-label="Thread" className="card flex min-w-0 flex-col">
      {query.error !== null && messages === undefined ? (
        <div className="p-4">
          <ErrorNotice error={query.error} title="The messages can’t be shown" onRetry={() => void query.refetch()} />
        </div>
      ) : messages === undefined ? (
        <div role="status" aria-label="Loading messages" className="flex h-120 flex-col gap-3 p-4">
          {['w-1/2', 'w-2/5 self-end', 'w-3/5', 'w-1/3 self-end'].map((look) => (
            <Skeleton key={look} className={classes('h-9 rounded-lg', look)} />
          ))}
        </div>
      ) : messages.length === 0 ? (
        <p className="px-6 py-16 text-center text-ink-soft">Nobody has written yet.</p>
      ) : (
        <div
          ref={box}
          role="log"
          aria-label="Messages"
          tabIndex={0}
          className="flex max-h-140 min-h-60 flex-col gap-1 overflow-y-auto rounded-t-lg p-4 -outline-offset-2"
          onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
            wasNearEnd.current = scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
          }}
        >
          {query.hasNextPage && (
            <Button className="mb-2 self-center" disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
              {query.isFetchingNextPage ? 'Loading' : 'Load older messages'}
            </Button>
          )}
          {messages.map((message, index) => {
            const date = day.format(new Date(message.receivedAt));
            const before = messages[index - 1];
            const isNewDay = before === undefined || day.format(new Date(before.receivedAt)) !== date;
            return (
              <Fragment key={message.id}>
                {isNewDay && <h3 className="my-2 text-center text-xs text-ink-soft">{date}</h3>}
                <Entry message={message} conversation={conversation} isSameAuthor={!isNewDay && before?.senderIdentifier === message.senderIdentifier} />
              </Fragment>
            );
          })}
        </div>
      )}
      {query.error !== null && messages !== undefined && (
        <div className="px-4 pb-4">
          <ErrorNotice
            error={query.error}
            title="More can’t be shown"
            onRetry={() => void (query.isFetchNextPageError ? query.fetchNextPage() : query.refetch())}
          />
        </div>
      )}
      <TypingBar conversation={conversation} />
    </section>
  );
};

interface EntryProps {
  readonly message: Message;
  readonly conversation: ConversationDetail;
  readonly isSameAuthor: boolean;
}

const fileNameOf = (url: string): string => URL.parse(url)?.pathname.split('/').at(-1) ?? url;

const Entry = ({ message, conversation, isSameAuthor }: EntryProps) => {
  const isOurs = message.direction === 'outbound';
  return (
    <article className={classes('flex max-w-[85%] flex-col', isOurs ? 'items-end self-end' : 'items-start', !isSameAuthor && 'mt-2')}>
      {conversation.isGroup && !isOurs && !isSameAuthor && (
        <p className="mb-0.5 px-3 text-xs text-ink-soft">{nameOf(conversation, message.senderIdentifier)}</p>
      )}
      <div className={classes('max-w-full rounded-lg px-3 py-2 wrap-anywhere whitespace-pre-wrap', isOurs ? 'bg-accent-soft' : 'border border-line bg-sunken')}>
        {message.replyTo !== null && <p className="mb-1 line-clamp-2 border-l-2 border-line-strong pl-2 text-sm text-ink-soft">{message.replyTo.message}</p>}
        {message.body !== '' && <p>{message.body}</p>}
        {message.mediaUrls.map((url) => (
          <a key={url} href={url} target="_blank" rel="noreferrer noopener" className="flex items-center gap-1.5 text-accent underline">
            <Paperclip size={14} aria-hidden className="shrink-0" />
            {fileNameOf(url)}
          </a>
        ))}
      </div>
      <p className="mt-0.5 px-1 text-xs text-ink-soft">
        <span className="sr-only">{isOurs ? 'We wrote this at ' : `${nameOf(conversation, message.senderIdentifier)} wrote this at `}</span>
        <time dateTime={message.receivedAt}>{clock.format(new Date(message.receivedAt))}</time>
        {message.reactions.length > 0 && ` · ${message.reactions.map(({ reactionType }) => reactionType).join(', ')}`}
      </p>
    </article>
  );
};

/** Lets the other person see that somebody is at it. Messages themselves are the business of whatever program answers. */
const TypingBar = ({ conversation }: { readonly conversation: ConversationDetail }) => {
  const typing = useShowTyping(conversation.id);
  const said =
    typing.data === undefined
      ? ''
      : typing.data.status === 'typing indicator sent'
        ? `Typing is shown.${typing.data.warning === undefined ? '' : ` ${typing.data.warning}`}`
        : `Typing is not shown. ${typing.data.warning ?? ''}`;
  return (
    <div className="flex flex-col gap-3 border-t border-line p-3">
      <div className="flex flex-wrap items-center gap-3">
        <Button disabled={typing.isPending || !conversation.capabilities.typing || conversation.channel !== 'imessage'} onClick={() => typing.mutate()}>
          Show typing
        </Button>
        <p role="status" className="min-w-0 flex-1 text-sm text-ink-soft wrap-anywhere">
          {said}
        </p>
      </div>
      {typing.error !== null && <ErrorNotice error={typing.error} title="Typing was not shown" />}
    </div>
  );
};
