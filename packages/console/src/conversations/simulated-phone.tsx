import type { SimulatedChatDetail } from '@backlot/client';
import { ArrowUp, ImageUp, Trash2 } from 'lucide-react';
import { type FormEvent, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { useSimulatedWallpaper, useSimulatedWriting } from '../api/simulator.js';
import { buttonClasses, Button } from '../ui/button.js';
import { ErrorNotice } from '../ui/error-notice.js';
import { Bubble, TypingDots } from './bubble.js';
import { FaultsBox } from './faults-box.js';
import { PhoneFrame } from './phone-frame.js';
import { Wallpaper } from './wallpaper.js';
import { ZoomSwitch } from './zoom-switch.js';

const nameIn = (chat: SimulatedChatDetail, identifier: string | null): string =>
  chat.people.find((someone) => someone.identifier === identifier)?.name ?? identifier ?? 'Backlot';

/** Whether our dots show at this moment; they go by themselves. */
const useTyping = ({ typing_until: until }: SimulatedChatDetail): boolean => {
  const [isTyping, setIsTyping] = useState(false);
  useEffect(() => {
    const leftMs = until === null ? 0 : Date.parse(until) - Date.now();
    setIsTyping(leftMs > 0);
    if (leftMs <= 0) return undefined;
    const timer = setTimeout(() => setIsTyping(false), leftMs);
    return () => clearTimeout(timer);
  }, [until]);
  return isTyping;
};

/** The other person's phone, which the simulator plays: what arrives there, and a hand on it. */
export const SimulatedPhone = ({ chat }: { readonly chat: SimulatedChatDetail }) => {
  const [isZoomed, setIsZoomed] = useState(true);
  const isTyping = useTyping(chat);
  const { wallpaper, messages } = chat;
  const owner = nameIn(chat, chat.people[0]?.identifier ?? null);
  const screen = useRef<HTMLDivElement>(null);
  const newest = messages.at(-1)?.message_id;
  useLayoutEffect(() => {
    screen.current?.scrollTo({ top: screen.current.scrollHeight });
  }, [newest, isTyping]);
  return (
    <section aria-label="Simulated phone" className="flex w-full max-w-80 flex-col items-center gap-4">
      <div className="w-full text-center">
        <h2 className="font-semibold">{owner}’s phone</h2>
        <p className="text-sm text-ink-soft">Simulated: nobody is written to.</p>
      </div>
      <PhoneFrame
        label={`What ${owner} sees`}
        className="w-full"
        wallpaper={
          wallpaper !== null && (
            <Wallpaper src={wallpaper.url} alt="Wallpaper of the chat" framing={wallpaper.set_by === 'program' && isZoomed ? 'zoomed' : 'whole'} />
          )
        }
      >
        <div className="absolute inset-0 flex flex-col text-sm">
          <header className="bg-canvas/75 px-4 pt-5 pb-2 text-center backdrop-blur-md">
            <p className="truncate font-semibold">{chat.is_group ? (chat.group_name ?? 'Group') : 'Backlot'}</p>
            <p className="truncate text-xs text-ink-soft">{chat.is_group ? `${chat.people.length + 1} people` : chat.phone_number}</p>
          </header>
          <div
            ref={screen}
            role="log"
            aria-label="Messages on the phone"
            tabIndex={0}
            className="flex min-h-0 flex-1 flex-col gap-1 overflow-y-auto p-3 -outline-offset-2"
          >
            <span className="flex-1" />
            {messages.map((message) => (
              <Bubble
                key={message.message_id}
                isOwn={chat.is_group ? message.sender === chat.people[0]?.identifier : message.direction === 'inbound'}
                isGreen={chat.protocol !== 'imessage'}
                author={chat.is_group && message.sender !== chat.people[0]?.identifier ? nameIn(chat, message.sender) : undefined}
              >
                {message.text}
              </Bubble>
            ))}
            {isTyping && <TypingDots label="Backlot is writing" />}
          </div>
          <Compose chat={chat} />
        </div>
      </PhoneFrame>
      {wallpaper?.set_by === 'program' && <ZoomSwitch isZoomed={isZoomed} onChange={setIsZoomed} />}
      <WallpaperByHand chat={chat} />
      <FaultsBox />
    </section>
  );
};

const Compose = ({ chat }: { readonly chat: SimulatedChatDetail }) => {
  const [text, setText] = useState('');
  const [sender, setSender] = useState<string | undefined>(undefined);
  const write = useSimulatedWriting(chat.chat_id);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (text.trim() === '' || write.isPending) return;
    write.mutate({ text, sender }, { onSuccess: () => setText('') });
  };
  const writer = nameIn(chat, sender ?? chat.people[0]?.identifier ?? null);
  return (
    <form className="flex flex-col gap-1.5 bg-canvas/75 px-3 pt-2 pb-4 backdrop-blur-md" onSubmit={submit}>
      {chat.people.length > 1 && (
        <select
          aria-label="Who writes"
          className="rounded-full border border-line-strong bg-surface px-2.5 py-1 text-xs"
          value={sender ?? chat.people[0]?.identifier}
          onChange={(event) => setSender(event.target.value)}
        >
          {chat.people.map(({ identifier, name }) => (
            <option key={identifier} value={identifier}>
              {name ?? identifier}
            </option>
          ))}
        </select>
      )}
      {write.error !== null && (
        <p role="alert" className="text-xs text-danger">
          Not sent: {write.error.message}
        </p>
      )}
      <span className="flex items-center gap-1.5">
        <input
          aria-label={`Write as ${writer}`}
          placeholder={`Write as ${writer.split(' ')[0] ?? writer}`}
          className="min-w-0 flex-1 rounded-full border border-line-strong bg-surface px-3 py-1.5"
          maxLength={20_000}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <button
          type="submit"
          aria-label="Send"
          title="Send"
          disabled={text.trim() === ''}
          className="flex size-8 shrink-0 items-center justify-center rounded-full bg-[#0062d6] text-white disabled:opacity-60"
        >
          <ArrowUp size={16} aria-hidden />
        </button>
      </span>
    </form>
  );
};

const WallpaperByHand = ({ chat }: { readonly chat: SimulatedChatDetail }) => {
  const change = useSimulatedWallpaper(chat.chat_id);
  return (
    <div className="flex w-full flex-col gap-2">
      <div className="flex flex-wrap justify-center gap-2">
        <label
          className={`${buttonClasses('secondary')} cursor-pointer has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent`}
        >
          <ImageUp size={15} aria-hidden />
          {change.isPending ? 'Changing' : 'Change wallpaper on the phone'}
          <input
            type="file"
            accept="image/*"
            className="sr-only"
            disabled={change.isPending}
            onChange={(event) => {
              const [file] = event.target.files ?? [];
              if (file !== undefined) change.mutate(file);
              event.target.value = '';
            }}
          />
        </label>
        {chat.wallpaper !== null && (
          <Button disabled={change.isPending} onClick={() => change.mutate(null)}>
            <Trash2 size={15} aria-hidden />
            Remove on the phone
          </Button>
        )}
      </div>
      {change.error !== null && <ErrorNotice error={change.error} title="The wallpaper was not changed" />}
    </div>
  );
};
