import type { AvatarOption, BackgroundImage, Canvas, RenditionFit } from '@backlot/client';
import { Link } from '@tanstack/react-router';
import { Clapperboard, RadioTower, Sparkles, UserRound, Users } from 'lucide-react';
import { RadioGroup } from 'radix-ui';
import { type ChangeEvent, type ReactNode, useId } from 'react';
import { useBackgroundImage, useLibrary } from '../api/library.js';
import { ownAddress } from '../api/own-address.js';
import { useAvatars } from '../api/sessions.js';
import { formatShape, formatSize } from '../library/format.js';
import { Button } from '../ui/button.js';
import { ErrorNotice } from '../ui/error-notice.js';
import { describeField, FieldError, useFieldError } from '../ui/field-errors.js';
import { Skeleton } from '../ui/skeleton.js';
import { AVATAR_FIELDS, type AvatarDraft, type AvatarField } from './avatar-draft.js';
import { avatarKey } from './describe-avatar.js';

// What sessions and templates are made of, each as a part of a form.

/** Classes of one of several cards to choose from. */
export const OPTION =
  'relative flex min-w-0 gap-3 rounded-lg border border-line bg-surface p-3 text-left hover:bg-hover disabled:cursor-not-allowed disabled:hover:bg-surface data-[state=checked]:border-accent data-[state=checked]:bg-accent-soft data-[state=checked]:ring-1 data-[state=checked]:ring-accent';
/** Classes of the cards together. */
export const OPTIONS = 'grid gap-3 sm:grid-cols-2';

interface PartProps {
  readonly title: string;
  /** The API's name of what it is about, whose errors it shows. */
  readonly field?: string;
  /** Fields below it that show theirs themselves. */
  readonly fieldsShown?: readonly string[];
  readonly children: ReactNode;
}

/** A part of a form with its heading. */
export const Part = ({ title, field, fieldsShown, children }: PartProps) => {
  const id = useId();
  const message = useFieldError(field, fieldsShown);
  return (
    <section aria-label={title} aria-describedby={message === undefined ? undefined : id}>
      <h2 className="mb-3 text-lg font-semibold">{title}</h2>
      {children}
      <FieldError id={id} message={message} />
    </section>
  );
};

const Warning = ({ children }: { readonly children: ReactNode }) => (
  <p role="status" className="mb-3 rounded-md border border-line bg-warning-soft px-3 py-2">
    {children}
  </p>
);

const ICONS = {
  'stand-in': UserRound,
  clip: Clapperboard,
  whip: RadioTower,
  livekit: Users,
  liveavatar: Sparkles,
  tavus: Sparkles,
  simli: Sparkles,
} as const;
const NOTES = {
  'stand-in': 'The presenter that Backlot draws; needs no account.',
  clip: 'A green-screen video file, looped.',
  whip: 'Your own video: OBS, GStreamer or a browser.',
  livekit: 'Whoever publishes the avatar in the session’s LiveKit room.',
  liveavatar: 'A LiveAvatar session, started for you.',
  tavus: 'A Tavus conversation, started for you.',
  simli: 'A Simli session, started for you.',
} as const;

/** The avatar with this key, or the first that is available when there is no key; undefined until it is known, or when it is gone. */
export const useAvatarOption = (key: string | null): AvatarOption | undefined => {
  const options = useAvatars().data;
  return options?.find(({ avatar, available }) => (key === null ? available : avatarKey(avatar) === key));
};

/** Whether sessions run on LiveKit, as the avatars tell; undefined until it is known. */
export const useIsOnLivekit = (): boolean | undefined => useAvatars().data?.some(({ avatar }) => avatar.provider === 'livekit');

interface AvatarPartProps {
  /** Null: the first that is available. */
  readonly value: AvatarDraft | null;
  readonly onChange: (avatar: AvatarDraft) => void;
}

/** Who appears. */
export const AvatarPart = ({ value, onChange }: AvatarPartProps) => {
  const avatars = useAvatars();
  const chosen = useAvatarOption(value?.key ?? null);
  // Without a key, and only then, an avatar with ids to fill in can't be used.
  const lacksKey = avatars.data?.some(({ available, needs }) => !available && needs.length > 0) === true;
  return (
    <Part title="Avatar" field="avatar" fieldsShown={chosen === undefined ? [] : AVATAR_FIELDS[chosen.avatar.provider].map(({ name }) => `avatar.${name}`)}>
      {avatars.error !== null ? (
        <ErrorNotice error={avatars.error} title="The avatars can’t be shown" onRetry={() => void avatars.refetch()} />
      ) : avatars.data === undefined ? (
        <div role="status" aria-label="Loading avatars" className={OPTIONS}>
          <Skeleton className="h-17" />
          <Skeleton className="h-17" />
        </div>
      ) : (
        <>
          {value !== null && chosen === undefined && <Warning>The saved avatar is not there any more. Choose another.</Warning>}
          <RadioGroup.Root
            aria-label="Avatar"
            value={chosen === undefined ? '' : avatarKey(chosen.avatar)}
            onValueChange={(key) => onChange({ key, fields: {} })}
            className={OPTIONS}
          >
            {avatars.data.map((option) => (
              <AvatarCard key={avatarKey(option.avatar)} option={option} />
            ))}
          </RadioGroup.Root>
          {chosen !== undefined && (
            <AvatarFieldset
              fields={AVATAR_FIELDS[chosen.avatar.provider]}
              values={value?.fields ?? {}}
              onChange={(fields) => onChange({ key: avatarKey(chosen.avatar), fields })}
            />
          )}
          {lacksKey && (
            <p className="mt-3 text-sm text-ink-soft">
              API keys of vendors are kept under{' '}
              <Link to="/avatar-vendors" search={{}} className="rounded-sm text-accent underline">
                Avatar vendors
              </Link>
              .
            </p>
          )}
        </>
      )}
    </Part>
  );
};

const describeOption = ({ avatar, available, needs, unavailable_reason }: AvatarOption): string => {
  if (available) return NOTES[avatar.provider];
  // The server's reason tells programs what to do; people are told below.
  return needs.length > 0 ? 'Needs an API key of yours at the vendor.' : `Not available: ${unavailable_reason ?? 'the server gives no reason.'}`;
};

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
        <span className="block text-sm wrap-anywhere text-ink-soft">{describeOption(option)}</span>
      </span>
    </RadioGroup.Item>
  );
};

interface AvatarFieldsetProps {
  readonly fields: readonly AvatarField[];
  readonly values: Readonly<Record<string, string>>;
  readonly onChange: (values: Readonly<Record<string, string>>) => void;
}

/** What there is to fill in for the chosen avatar. */
const AvatarFieldset = ({ fields, values, onChange }: AvatarFieldsetProps) =>
  fields.length === 0 ? null : (
    <div className="mt-4 grid gap-4 sm:grid-cols-2">
      {fields.map((field) => (
        <AvatarInput key={field.name} field={field} value={values[field.name] ?? ''} onChange={(value) => onChange({ ...values, [field.name]: value })} />
      ))}
    </div>
  );

interface AvatarInputProps {
  readonly field: AvatarField;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

const AvatarInput = ({ field: { name, label, note, isNeeded, choices }, value, onChange }: AvatarInputProps) => {
  const id = `avatar-${name}`;
  const message = useFieldError(`avatar.${name}`);
  const common = {
    id,
    className: 'field',
    value,
    ...describeField(`${id}-error`, message, note === undefined ? undefined : `${id}-note`),
    onChange: ({ target }: ChangeEvent<HTMLInputElement | HTMLSelectElement>) => onChange(target.value),
  };
  return (
    <div>
      <label htmlFor={id} className="mb-1 block font-medium">
        {label} {!isNeeded && choices === undefined && <span className="font-normal text-ink-soft">(optional)</span>}
      </label>
      {choices === undefined ? (
        <input {...common} required={isNeeded} maxLength={256} autoComplete="off" spellCheck={false} />
      ) : (
        <select {...common}>
          {choices.map((choice) => (
            <option key={choice.value} value={choice.value}>
              {choice.label}
            </option>
          ))}
        </select>
      )}
      <FieldError id={`${id}-error`} message={message} />
      {note !== undefined && (
        <p id={`${id}-note`} className="mt-1 text-sm text-ink-soft">
          {note}
        </p>
      )}
    </div>
  );
};

interface VoiceFieldProps {
  /** The API's name of it: another one in sessions than in templates. */
  readonly field: 'voice' | 'voice_id';
  readonly voices: readonly string[];
  /** Null: the avatar's own. */
  readonly value: string | null;
  readonly onChange: (voice: string | null) => void;
}

/** With which voice. A saved one that is not there any more stays choosable, so that nothing changes unseen. */
export const VoiceField = ({ field, voices, value, onChange }: VoiceFieldProps) => {
  const message = useFieldError(field);
  return (
    <div>
      <label htmlFor="voice" className="mb-1 block font-medium">
        Voice
      </label>
      <select
        id="voice"
        className="field max-w-80"
        value={value ?? ''}
        {...describeField('voice-error', message)}
        onChange={({ target }) => onChange(target.value === '' ? null : target.value)}
      >
        <option value="">The avatar’s own</option>
        {[...new Set([...voices, ...(value === null ? [] : [value])])].map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      <FieldError id="voice-error" message={message} />
    </div>
  );
};

interface BackgroundPartProps {
  /** The image's id; null: none. */
  readonly value: string | null;
  readonly onChange: (id: string | null) => void;
}

const TILES = 'grid grid-cols-2 gap-3 sm:grid-cols-4';
const TILE =
  'min-w-0 rounded-md p-1 text-left outline-offset-0 ring-line hover:bg-hover data-[state=checked]:bg-accent-soft data-[state=checked]:ring-2 data-[state=checked]:ring-accent';

/** What stands behind. An image that the shown pages of the library don't have comes first. */
export const BackgroundPart = ({ value, onChange }: BackgroundPartProps) => {
  const library = useLibrary('');
  const images = library.data?.pages.flatMap(({ data }) => data);
  const isElsewhere = images !== undefined && !images.some(({ id }) => id === value);
  const elsewhere = useBackgroundImage(isElsewhere ? value : null);
  return (
    <Part title="Background" field="background_image">
      {images === undefined ? (
        library.error === null ? (
          <div role="status" aria-label="Loading backgrounds" className={TILES}>
            {[0, 1, 2, 3].map((index) => (
              <Skeleton key={index} className="aspect-video" />
            ))}
          </div>
        ) : (
          <ErrorNotice error={library.error} title="The library can’t be shown" onRetry={() => void library.refetch()} />
        )
      ) : (
        <>
          {elsewhere.error?.code === 'background_image_not_found' && <Warning>The saved image was deleted from the library. Choose another, or none.</Warning>}
          <RadioGroup.Root
            aria-label="Background"
            value={value ?? 'none'}
            onValueChange={(id) => onChange(id === 'none' ? null : id)}
            className={`${TILES} max-h-104 overflow-y-auto p-0.5`}
          >
            <RadioGroup.Item value="none" className={TILE}>
              <span className="chequered block aspect-video rounded-sm" />
              <span className="mt-1 block truncate px-1 text-sm">None</span>
            </RadioGroup.Item>
            {[...(isElsewhere && elsewhere.data !== undefined ? [elsewhere.data] : []), ...images].map((image) => (
              <ImageTile key={image.id} image={image} />
            ))}
          </RadioGroup.Root>
          {library.hasNextPage && (
            <Button className="mt-3" disabled={library.isFetchingNextPage} onClick={() => void library.fetchNextPage()}>
              {library.isFetchingNextPage ? 'Loading' : 'Load more'}
            </Button>
          )}
        </>
      )}
    </Part>
  );
};

const ImageTile = ({ image }: { readonly image: BackgroundImage }) => (
  <RadioGroup.Item value={image.id} title={image.title} className={TILE}>
    <img src={ownAddress(image.thumbnail_url)} alt="" loading="lazy" className="chequered block aspect-video w-full rounded-sm object-cover" />
    <span className="mt-1 block truncate px-1 text-sm">{image.title}</span>
  </RadioGroup.Item>
);

const SHAPES: readonly { readonly canvas: Canvas; readonly name: string }[] = [
  { canvas: { width: 1280, height: 720 }, name: 'Landscape' },
  { canvas: { width: 720, height: 1280 }, name: 'Portrait' },
];
/** The canvas of new sessions and templates. */
export const LANDSCAPE_CANVAS: Canvas = { width: 1280, height: 720 };
/** Height and largest width of a canvas's icon, in pixels. */
const ICON = { width: 43, height: 36 };

const canvasKey = ({ width, height }: Canvas): string => `${width}x${height}`;

interface CanvasPartProps {
  readonly value: Canvas;
  /** A saved canvas, which may be of another size than the usual ones. */
  readonly saved?: Canvas | undefined;
  readonly onChange: (canvas: Canvas) => void;
}

/** How large and of which shape the picture is. */
export const CanvasPart = ({ value, saved, onChange }: CanvasPartProps) => {
  const isUsual = saved === undefined || SHAPES.some(({ canvas }) => canvasKey(canvas) === canvasKey(saved));
  const shapes = isUsual ? SHAPES : [...SHAPES, { canvas: saved, name: 'As saved' }];
  return (
    <Part title="Canvas" field="canvas">
      <RadioGroup.Root
        aria-label="Canvas"
        value={canvasKey(value)}
        onValueChange={(key) => onChange(shapes.find(({ canvas }) => canvasKey(canvas) === key)?.canvas ?? value)}
        className={OPTIONS}
      >
        {shapes.map(({ canvas, name }) => {
          const scale = Math.min(ICON.width / canvas.width, ICON.height / canvas.height);
          return (
            <RadioGroup.Item key={canvasKey(canvas)} value={canvasKey(canvas)} className={`${OPTION} items-center`}>
              <span className="flex h-9 w-11 shrink-0 items-center justify-center" aria-hidden>
                <span className="rounded-sm border-2 border-ink-soft" style={{ width: canvas.width * scale, height: canvas.height * scale }} />
              </span>
              <span>
                <span className="block font-medium">
                  {name} {formatShape(canvas)}
                </span>
                <span className="block text-sm text-ink-soft">{formatSize(canvas)}</span>
              </span>
            </RadioGroup.Item>
          );
        })}
      </RadioGroup.Root>
    </Part>
  );
};

const FITS: readonly { readonly value: RenditionFit; readonly label: string; readonly note: string }[] = [
  { value: 'cover', label: 'Fill the canvas', note: 'What is too wide or too high is cropped.' },
  { value: 'contain', label: 'Show it whole', note: 'Where shapes differ, the sides stay empty.' },
];

interface FitPartProps {
  readonly value: RenditionFit;
  readonly onChange: (fit: RenditionFit) => void;
}

/** How the background fills the canvas. */
export const FitPart = ({ value, onChange }: FitPartProps) => (
  <Part title="Background fit" field="fit">
    <RadioGroup.Root aria-label="Background fit" value={value} onValueChange={(fit) => onChange(fit === 'contain' ? 'contain' : 'cover')} className={OPTIONS}>
      {FITS.map(({ value: fit, label, note }) => (
        <RadioGroup.Item key={fit} value={fit} className={OPTION}>
          <span>
            <span className="block font-medium">{label}</span>
            <span className="block text-sm text-ink-soft">{note}</span>
          </span>
        </RadioGroup.Item>
      ))}
    </RadioGroup.Root>
  </Part>
);
