import type { ConversationBackground, ConversationDetail } from '@backlot/client';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { useConversation, useConversationEvents } from '../api/conversations.js';
import { useSimulatedChat } from '../api/simulator.js';
import { Page } from '../shell/page.js';
import { useDialog } from '../shell/search.js';
import type { ApiExample } from '../ui/api-dialog.js';
import { ErrorNotice } from '../ui/error-notice.js';
import { IdText } from '../ui/id-text.js';
import { Skeleton } from '../ui/skeleton.js';
import { BackgroundCard } from './background-card.js';
import { BackgroundDialog } from './background-dialog.js';
import { ChannelBadges } from './channel-badges.js';
import { conversationTitle } from './describe.js';
import { RecipientPhone } from './recipient-phone.js';
import { SimulatedPhone } from './simulated-phone.js';
import { Thread } from './thread.js';

const TRAIL = [{ label: 'Messaging' }, { label: 'Conversations', to: '/conversations' }] as const;
const GRID = 'grid items-start gap-6 lg:grid-cols-[minmax(0,1fr)_320px]';

/** One conversation: what was written, its background, and the phone at the other end. */
export const ConversationPage = () => {
  const { id = '' } = useParams({ strict: false });
  const query = useConversation(id);
  useConversationEvents();
  if (query.data !== undefined) return <LoadedConversation key={id} conversation={query.data} />;
  return (
    <Page title={query.error === null ? 'Conversation' : 'Not shown'} trail={TRAIL} api={apiExamples(id)}>
      {query.error === null ? (
        <div role="status" aria-label="Loading the conversation" className={GRID}>
          <div className="flex flex-col gap-6">
            <Skeleton className="h-40 w-full" />
            <Skeleton className="h-120 w-full" />
          </div>
          <Skeleton className="mx-auto aspect-[1179/2556] w-70" />
        </div>
      ) : (
        <ErrorNotice
          error={query.error}
          title="The conversation can’t be shown"
          {...(query.error.code === 'conversation_not_found' ? {} : { onRetry: () => void query.refetch() })}
        />
      )}
    </Page>
  );
};

const describeChange = ({ changed, backgroundVersion }: ConversationBackground): string =>
  changed ? `Set: version ${backgroundVersion}.` : 'It was this one already: nothing was changed.';

const LoadedConversation = ({ conversation }: { readonly conversation: ConversationDetail }) => {
  const { dialog, open, close } = useDialog();
  const [said, setSaid] = useState('');
  const simulated = useSimulatedChat(conversation.groupId ?? conversation.participant);
  const title = conversationTitle(conversation);
  const address = conversation.isGroup ? `${conversation.participants.length + 1} people` : conversation.participant;
  return (
    <Page
      title={title}
      note={
        <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
          {address !== title && <span>{address}</span>}
          <ChannelBadges conversation={conversation} />
          <IdText id={conversation.id} what="conversation id" />
        </span>
      }
      trail={TRAIL}
      api={apiExamples(conversation.id)}
    >
      <div className={GRID}>
        <div className="flex min-w-0 flex-col gap-6">
          <BackgroundCard conversation={conversation} said={said} onSet={() => open('background')} onRemoved={() => setSaid('Removed.')} />
          <Thread conversation={conversation} />
        </div>
        <div className="flex justify-center">
          {simulated.data !== undefined ? (
            <SimulatedPhone chat={simulated.data} />
          ) : simulated.isPending ? (
            <Skeleton className="mt-14 aspect-[1179/2556] w-full max-w-80" />
          ) : (
            <RecipientPhone conversation={conversation} />
          )}
        </div>
      </div>
      {dialog === 'background' && (
        <BackgroundDialog
          conversation={conversation}
          onSet={(background) => {
            setSaid(describeChange(background));
            close();
          }}
          onClose={close}
        />
      )}
    </Page>
  );
};

const apiExamples = (id: string): readonly ApiExample[] => [
  {
    title: 'Set the background from an address',
    method: 'POST',
    path: `/v1/conversations/${id}/background`,
    body: { image_url: 'https://example.com/wallpaper.jpg' },
    typescript: `const background = await backlot.conversations.setBackground('${id}', {\n  image_url: 'https://example.com/wallpaper.jpg',\n});\nconsole.log(background.changed, background.warnings);`,
  },
  {
    title: 'Set the background from the library, made for phones',
    method: 'POST',
    path: `/v1/conversations/${id}/background`,
    body: { background_image: 'bg_…', fit: 'phone' },
    typescript: `await backlot.conversations.setBackground('${id}', { background_image: image.id, fit: 'phone' });`,
  },
  {
    title: 'View the background as it is now',
    method: 'GET',
    path: `/v1/conversations/${id}/background`,
    typescript: `const { hasBackground, source } = await backlot.conversations.getBackground('${id}');`,
  },
  {
    title: 'Remove the background',
    method: 'DELETE',
    path: `/v1/conversations/${id}/background`,
    typescript: `await backlot.conversations.removeBackground('${id}');`,
  },
  {
    title: 'List messages',
    method: 'GET',
    path: `/v1/conversations/${id}/messages?limit=50`,
    typescript: `const { data, hasMore } = await backlot.conversations.messages('${id}', { limit: 50 });`,
  },
  { title: 'Show typing', method: 'POST', path: `/v1/conversations/${id}/typing`, typescript: `await backlot.conversations.showTyping('${id}');` },
];
