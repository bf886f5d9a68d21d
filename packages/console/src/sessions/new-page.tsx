import type { AvatarOption, CreateSessionInput } from '@backlot/client';
import { useNavigate } from '@tanstack/react-router';
import { Clapperboard, RadioTower, UserRound } from 'lucide-react';
import { RadioGroup } from 'radix-ui';
import { type FormEvent, type ReactNode, useState } from 'react';
import { useLibrary } from '../api/library.js';
import { ownAddress } from '../api/own-address.js';
import { useAvatars, useCreateSession } from '../api/sessions.js';
import { Page } from '../shell/page.js';
import { useConsoleSearch } from '../shell/search.js';
import { Button } from '../ui/button.js';
import { ErrorNotice } from '../ui/error-notice.js';
import { Skeleton } from '../ui/skeleton.js';
import { avatarKey } from './describe-avatar.js';

const SHAPES = [
  { value: '16:9', label: 'Landscape 16:9', note: '1280 × 720', canvas: { width: 1280, height: 720 }, box: 'h-6 w-[43px]' },
  { value: '9:16', label: 'Portrait 9:16', note: '720 × 1280', canvas: { width: 720, height: 1280 }, box: 'h-9 w-5' },
] as const;

/** In the address: deliberately without a background. */
const NO_BACKGROUND = 'none';

const ICONS = { 'stand-in': UserRound, clip: Clapperboard, whip: RadioTower } as const;
const NOTES = {
  'stand-in': 'The presenter that Backlot draws; needs no account.',
  clip: 'A green-screen video file, looped.',
  whip: 'Your own video: OBS, GStreamer or a browser.',
} as const;

const OPTION =
  'relative flex min-w-0 gap-3 rounded-lg border border-line bg-surface p-3 text-left hover:bg-hover disabled:cursor-not-allowed disabled:hover:bg-surface data-[state=checked]:border-accent data-[state=checked]:bg-accent-soft data-[state=checked]:ring-1 data-[state=checked]:ring-accent';

/** On air → Sessions → New session. */
export const NewSessionPage = () => {
  const [{ background: chosenBackground }, change] = useConsoleSearch();
  const library = useLibrary('');
  // A background is what one comes for: the newest image unless the address says otherwise.
  const background = chosenBackground === NO_BACKGROUND ? null : (chosenBackground ?? library.data?.pages[0]?.data[0]?.id ?? null);
  const avatars = useAvatars();
  const create = useCreateSession();
  const navigate = useNavigate();
  const [chosenAvatar, setAvatar] = useState<string | null>(null);
  const [shape, setShape] = useState<(typeof SHAPES)[number]['value']>('16:9');
  const [voice, setVoice] = useState('');
  const [text, setText] = useState('');

  const options = avatars.data ?? [];
  const option = options.find(({ avatar }) => avatarKey(avatar) === chosenAvatar) ?? options.find(({ available }) => available);
  const input: CreateSessionInput = {
    ...(option === undefined ? {} : { avatar: option.avatar }),
    background_image: background,
    canvas: SHAPES.find(({ value }) => value === shape)?.canvas ?? SHAPES[0].canvas,
    ...(option?.voices.includes(voice) === true ? { voice_id: voice } : {}),
    ...(text.trim() === '' || option?.speaks !== true ? {} : { text: text.trim() }),
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    create.mutate(input, { onSuccess: (session) => void navigate({ to: '/sessions/$id', params: { id: session.session_id }, search: {} }) });
  };
  return (
    <Page
      title="New session"
      trail={[{ label: 'On air' }, { label: 'Sessions', to: '/sessions' }]}
      api={[
        {
          title: 'Start this session',
          method: 'POST',
          path: '/v1/sessions',
          body: input,
          typescript: `const session = await backlot.sessions.create(${JSON.stringify(input, null, 2)});`,
        },
      ]}
    >
      <form className="flex max-w-[880px] flex-col gap-8" onSubmit={submit}>
        <Part title="Avatar">
          {avatars.error !== null ? (
            <ErrorNotice error={avatars.error} title="The avatars can’t be shown" onRetry={() => void avatars.refetch()} />
          ) : avatars.data === undefined ? (
            <div role="status" aria-label="Loading avatars" className="grid gap-3 sm:grid-cols-2">
              <Skeleton className="h-17" />
              <Skeleton className="h-17" />
            </div>
          ) : (
            <RadioGroup.Root
              aria-label="Avatar"
              value={option === undefined ? '' : avatarKey(option.avatar)}
              onValueChange={setAvatar}
              className="grid gap-3 sm:grid-cols-2"
            >
              {options.map((item) => (
                <AvatarCard key={avatarKey(item.avatar)} option={item} />
              ))}
            </RadioGroup.Root>
          )}
        </Part>
        <Part title="Background">
          <BackgroundPicker value={background} onChange={(id) => change({ background: id ?? NO_BACKGROUND })} />
        </Part>
        <Part title="Canvas">
          <RadioGroup.Root
            aria-label="Canvas"
            value={shape}
            onValueChange={(value) => setShape(value === '9:16' ? '9:16' : '16:9')}
            className="grid gap-3 sm:grid-cols-2"
          >
            {SHAPES.map(({ value, label, note, box }) => (
              <RadioGroup.Item key={value} value={value} className={`${OPTION} items-center`}>
                <span className="flex h-9 w-11 items-center justify-center" aria-hidden>
                  <span className={`rounded-sm border-2 border-ink-soft ${box}`} />
                </span>
                <span>
                  <span className="block font-medium">{label}</span>
                  <span className="block text-sm text-ink-soft">{note}</span>
                </span>
              </RadioGroup.Item>
            ))}
          </RadioGroup.Root>
        </Part>
        {option?.speaks === true && (
          <Part title="Speech">
            <div className="flex flex-col gap-4">
              <div>
                <label htmlFor="opening" className="mb-1 block font-medium">
                  Opening line <span className="font-normal text-ink-soft">(optional)</span>
                </label>
                <textarea
                  id="opening"
                  rows={2}
                  maxLength={2000}
                  className="field resize-y"
                  placeholder="Said when the first viewer is there"
                  value={text}
                  onChange={(event) => setText(event.target.value)}
                />
              </div>
              {option.voices.length > 0 && (
                <div>
                  <label htmlFor="voice" className="mb-1 block font-medium">
                    Voice
                  </label>
                  <select id="voice" className="field max-w-80" value={voice} onChange={(event) => setVoice(event.target.value)}>
                    <option value="">The avatar’s own</option>
                    {option.voices.map((name) => (
                      <option key={name}>{name}</option>
                    ))}
                  </select>
                </div>
              )}
            </div>
          </Part>
        )}
        {create.error !== null && <ErrorNotice error={create.error} title="The session did not start" />}
        <div className="flex gap-2">
          <Button type="submit" variant="primary" disabled={create.isPending || option === undefined}>
            {create.isPending ? 'Starting' : 'Start session'}
          </Button>
          <Button onClick={() => void navigate({ to: '/sessions', search: {} })}>Cancel</Button>
        </div>
      </form>
    </Page>
  );
};

const Part = ({ title, children }: { readonly title: string; readonly children: ReactNode }) => (
  <section aria-label={title}>
    <h2 className="mb-3 text-lg font-semibold">{title}</h2>
    {children}
  </section>
);

const AvatarCard = ({ option }: { readonly option: AvatarOption }) => {
  const { provider } = option.avatar;
  const Icon = ICONS[provider];
  return (
    <RadioGroup.Item value={avatarKey(option.avatar)} disabled={!option.available} className={OPTION}>
      <span className="flex size-9 shrink-0 items-center justify-center rounded-md bg-sunken text-ink-soft">
        <Icon size={18} aria-hidden />
      </span>
      <span className="min-w-0">
        <span className="block truncate font-medium">{option.title}</span>
        <span className="block text-sm wrap-anywhere text-ink-soft">
          {option.available ? NOTES[provider] : `Not available: ${option.unavailable_reason ?? 'the server gives no reason.'}`}
        </span>
      </span>
    </RadioGroup.Item>
  );
};

const BackgroundPicker = ({ value, onChange }: { readonly value: string | null; readonly onChange: (id: string | null) => void }) => {
  const library = useLibrary('');
  const images = library.data?.pages.flatMap(({ data }) => data);
  if (library.error !== null && images === undefined)
    return <ErrorNotice error={library.error} title="The library can’t be shown" onRetry={() => void library.refetch()} />;
  if (images === undefined) {
    return (
      <div role="status" aria-label="Loading backgrounds" className="grid grid-cols-2 gap-3 sm:grid-cols-4">
        {[0, 1, 2, 3].map((index) => (
          <Skeleton key={index} className="aspect-video" />
        ))}
      </div>
    );
  }
  const tile =
    'min-w-0 rounded-md p-1 text-left outline-offset-0 ring-line hover:bg-hover data-[state=checked]:bg-accent-soft data-[state=checked]:ring-2 data-[state=checked]:ring-accent';
  return (
    <>
      <RadioGroup.Root
        aria-label="Background"
        value={value ?? 'none'}
        onValueChange={(id) => onChange(id === 'none' ? null : id)}
        className="grid max-h-104 grid-cols-2 gap-3 overflow-y-auto p-0.5 sm:grid-cols-4"
      >
        <RadioGroup.Item value="none" className={tile}>
          <span className="chequered block aspect-video rounded-sm" />
          <span className="mt-1 block truncate px-1 text-sm">None</span>
        </RadioGroup.Item>
        {images.map((image) => (
          <RadioGroup.Item key={image.id} value={image.id} title={image.title} className={tile}>
            <img src={ownAddress(image.thumbnail_url)} alt="" loading="lazy" className="chequered block aspect-video w-full rounded-sm object-cover" />
            <span className="mt-1 block truncate px-1 text-sm">{image.title}</span>
          </RadioGroup.Item>
        ))}
      </RadioGroup.Root>
      {library.hasNextPage && (
        <Button className="mt-3" disabled={library.isFetchingNextPage} onClick={() => void library.fetchNextPage()}>
          {library.isFetchingNextPage ? 'Loading' : 'Load more'}
        </Button>
      )}
    </>
  );
};
