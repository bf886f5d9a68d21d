import type { ConversationDetail, LiveConversationBackground } from '@backlot/client';
import { useState } from 'react';
import { ownAddress } from '../api/own-address.js';
import { useConversationBackground, useMessages } from '../api/conversations.js';
import { Bubble } from './bubble.js';
import { initialsOf, nameOf } from './describe.js';
import { PhoneFrame } from './phone-frame.js';
import { Wallpaper } from './wallpaper.js';
import { ZoomSwitch } from './zoom-switch.js';

const SHOWN_MESSAGES = 8;

/** What the other person's phone shows, as far as Backlot knows: for providers of the real world. */
export const RecipientPhone = ({ conversation }: { readonly conversation: ConversationDetail }) => {
  const { data: background } = useConversationBackground(conversation.id);
  const { data: messages } = useMessages(conversation.id);
  const [isZoomed, setIsZoomed] = useState(true);
  const newest = (messages?.pages[0]?.data ?? []).slice(0, SHOWN_MESSAGES).toReversed();
  return (
    <section aria-label="Recipient’s phone" className="flex w-full max-w-80 flex-col items-center gap-4">
      <div className="w-full text-center">
        <h2 className="font-semibold">The recipient’s phone</h2>
        <p className="text-sm text-ink-soft">On iOS 26 or later, as far as Backlot knows.</p>
      </div>
      <PhoneFrame
        label="As the recipient may see it"
        className="w-full"
        wallpaper={
          background?.imageUrl == null ? (
            <NoWallpaper background={background} />
          ) : (
            <Wallpaper src={ownAddress(background.imageUrl)} alt="The background as it was sent" framing={isZoomed ? 'zoomed' : 'whole'} />
          )
        }
      >
        <div className="absolute inset-0 flex flex-col justify-end gap-1 overflow-hidden p-3 pb-8 text-sm" aria-hidden>
          {newest.map((message) => (
            <Bubble
              key={message.id}
              isOwn={message.direction === 'inbound'}
              isGreen={conversation.channel !== 'imessage'}
              author={conversation.isGroup && message.direction === 'inbound' ? initialsOf(nameOf(conversation, message.senderIdentifier)) : undefined}
            >
              {message.body === '' ? 'Attachment' : message.body}
            </Bubble>
          ))}
        </div>
      </PhoneFrame>
      {background?.imageUrl != null && <ZoomSwitch isZoomed={isZoomed} onChange={setIsZoomed} />}
    </section>
  );
};

const NoWallpaper = ({ background }: { readonly background: LiveConversationBackground | undefined }) =>
  background?.hasBackground === true ? (
    <span className="absolute inset-x-0 top-1/4 px-6 text-center text-xs text-ink-soft">There is a background that Backlot hasn’t set and can’t show.</span>
  ) : null;
