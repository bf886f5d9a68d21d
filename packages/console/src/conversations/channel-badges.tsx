import type { ConversationSummary } from '@backlot/client';
import { channelLabel } from './describe.js';

const BADGE = 'inline-flex h-5 items-center rounded-sm px-1.5 text-xs font-medium whitespace-nowrap';

/** How a conversation travels, and whether it is a group. */
export const ChannelBadges = ({
  conversation,
}: {
  readonly conversation: Pick<ConversationSummary, 'channel' | 'isGroup' | 'participant' | 'participants' | 'groupName'>;
}) => (
  <span className="inline-flex gap-1">
    <span className={`${BADGE} ${conversation.channel === 'imessage' ? 'bg-accent-soft text-accent' : 'bg-sunken text-ink-soft'}`}>
      {channelLabel(conversation)}
    </span>
    {conversation.isGroup && <span className={`${BADGE} bg-sunken text-ink-soft`}>Group</span>}
  </span>
);
