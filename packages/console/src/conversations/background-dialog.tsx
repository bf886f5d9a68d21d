import type { ConversationBackground, ConversationDetail } from '@backlot/client';
import { useState } from 'react';
import { useSetConversationBackground } from '../api/conversations.js';
import { useLibrary } from '../api/library.js';
import { ownAddress } from '../api/own-address.js';
import { Button } from '../ui/button.js';
import { classes } from '../ui/classes.js';
import { Dialog } from '../ui/dialog.js';
import { ErrorNotice } from '../ui/error-notice.js';
import { Skeleton } from '../ui/skeleton.js';
import { conversationTitle } from './describe.js';
import { PhoneFrame } from './phone-frame.js';
import { type Framing, Wallpaper } from './wallpaper.js';

type Fit = 'phone' | 'original';

const FITS: readonly { readonly fit: Fit; readonly label: string; readonly note: string }[] = [
  { fit: 'phone', label: 'Made for phones', note: 'A rendition that survives the twofold zoom of iOS 26.' },
  { fit: 'original', label: 'As it is', note: 'The file itself, byte for byte.' },
];

const PREVIEWS: Readonly<Record<Fit, readonly (readonly [Framing, string])[]>> = {
  phone: [
    ['prepared', 'On iOS 26, which zooms'],
    ['surrounded', 'On a phone that doesn’t'],
  ],
  original: [
    ['zoomed', 'On iOS 26, which zooms'],
    ['whole', 'On a phone that doesn’t'],
  ],
};

interface BackgroundDialogProps {
  readonly conversation: ConversationDetail;
  readonly onSet: (background: ConversationBackground) => void;
  readonly onClose: () => void;
}

/** Sets a conversation's background: from the library or from an address, with a look at what arrives. */
export const BackgroundDialog = ({ conversation, onSet, onClose }: BackgroundDialogProps) => {
  const [source, setSource] = useState<'library' | 'address'>('library');
  const [imageId, setImageId] = useState<string | null>(null);
  const [address, setAddress] = useState('');
  const [fit, setFit] = useState<Fit>('phone');
  const library = useLibrary('');
  const images = library.data?.pages.flatMap(({ data }) => data) ?? [];
  const image = images.find(({ id }) => id === imageId);
  const set = useSetConversationBackground(conversation.id);
  const canSet = !set.isPending && (source === 'library' ? image !== undefined : address.trim() !== '');
  const submit = (): void => {
    if (!canSet) return;
    const what = source === 'library' && image !== undefined ? { background_image: image.id } : { image_url: address.trim() };
    set.mutate({ ...what, fit }, { onSuccess: onSet });
  };
  return (
    <Dialog
      title={`Background for ${conversationTitle(conversation)}`}
      size="large"
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" disabled={!canSet} onClick={submit}>
            {set.isPending ? 'Setting' : 'Set background'}
          </Button>
        </>
      }
    >
      <form
        className="flex flex-col gap-5"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <fieldset>
          <legend className="mb-2 font-medium">Picture</legend>
          <div className="flex flex-wrap gap-x-6 gap-y-1">
            <Choice name="source" label="From the library" isChosen={source === 'library'} onChoose={() => setSource('library')} autoFocus />
            <Choice name="source" label="From an address" isChosen={source === 'address'} onChoose={() => setSource('address')} />
          </div>
        </fieldset>
        {source === 'address' ? (
          <label className="block">
            <span className="mb-1 block font-medium">Image address</span>
            <input
              type="url"
              className="field"
              placeholder="https://example.com/wallpaper.jpg"
              maxLength={8192}
              value={address}
              onChange={(event) => setAddress(event.target.value)}
            />
            <span className="mt-1 block text-sm text-ink-soft">
              Backlot fetches it: https, at most 10 MB, JPEG, PNG, GIF, WebP or HEIC. This page asks no other server for anything, so it shows the picture once
              it is set.
            </span>
          </label>
        ) : library.error !== null && images.length === 0 ? (
          <ErrorNotice error={library.error} title="The library can’t be shown" onRetry={() => void library.refetch()} />
        ) : library.isPending ? (
          <div className="flex gap-2">
            {[0, 1, 2, 3].map((index) => (
              <Skeleton key={index} className="h-32 w-15" />
            ))}
          </div>
        ) : images.length === 0 ? (
          <p className="text-ink-soft">The library is empty. Upload a picture under Background Images, or give an address.</p>
        ) : (
          <div className="flex flex-wrap items-start gap-6">
            <div role="radiogroup" aria-label="Image" className="-m-1 flex max-h-88 min-w-60 flex-1 flex-wrap gap-2 overflow-y-auto p-1">
              {images.map(({ id, title, thumbnail_url: thumbnail }) => (
                <label
                  key={id}
                  title={title}
                  className="relative block w-20 cursor-pointer rounded-md p-1 hover:bg-hover has-checked:bg-accent-soft has-checked:ring-2 has-checked:ring-accent has-focus-visible:outline-2 has-focus-visible:outline-accent"
                >
                  <input type="radio" name="image" className="sr-only" checked={id === imageId} onChange={() => setImageId(id)} />
                  <img src={ownAddress(thumbnail)} alt="" loading="lazy" className="chequered aspect-[9/16] w-full rounded-sm object-cover" />
                  <span className="mt-1 block truncate text-xs">{title}</span>
                </label>
              ))}
              {library.hasNextPage && (
                <Button className="self-center" disabled={library.isFetchingNextPage} onClick={() => void library.fetchNextPage()}>
                  {library.isFetchingNextPage ? 'Loading' : 'Load more'}
                </Button>
              )}
            </div>
            {image !== undefined && (
              <div className="flex gap-4">
                {PREVIEWS[fit].map(([framing, label]) => (
                  <figure key={framing} className="w-28">
                    <PhoneFrame label={label} wallpaper={<Wallpaper src={ownAddress(image.image_url)} alt={image.title} framing={framing} />} />
                    <figcaption className="mt-1.5 text-center text-xs text-ink-soft">{label}</figcaption>
                  </figure>
                ))}
              </div>
            )}
          </div>
        )}
        <fieldset>
          <legend className="mb-2 font-medium">Fit</legend>
          <div className="flex flex-col gap-1">
            {FITS.map(({ fit: value, label, note }) => (
              <Choice key={value} name="fit" label={label} note={note} isChosen={fit === value} onChoose={() => setFit(value)} />
            ))}
          </div>
          <p className="mt-2 max-w-160 text-sm text-ink-soft">
            iPhones were seen to zoom twofold into a background that a program has set: only its lower middle shows. The same picture set by hand shows whole.
          </p>
        </fieldset>
        {set.error !== null && <ErrorNotice error={set.error} title="The background was not set" />}
      </form>
    </Dialog>
  );
};

interface ChoiceProps {
  readonly name: string;
  readonly label: string;
  readonly note?: string;
  readonly isChosen: boolean;
  readonly autoFocus?: boolean;
  readonly onChoose: () => void;
}

const Choice = ({ name, label, note, isChosen, autoFocus = false, onChoose }: ChoiceProps) => (
  <label className={classes('flex min-h-8 cursor-pointer gap-2', note === undefined && 'items-center')}>
    <input
      type="radio"
      name={name}
      className={classes('size-4 shrink-0 accent-(--accent-solid)', note !== undefined && 'mt-0.5')}
      checked={isChosen}
      onChange={onChoose}
      {...(autoFocus ? { 'data-autofocus': true } : {})}
    />
    <span>
      {label}
      {note !== undefined && <span className="block text-sm text-ink-soft">{note}</span>}
    </span>
  </label>
);
