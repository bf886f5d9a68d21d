import type { BackgroundImage } from '@backlot/client';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { Pencil, Radio, Trash2, ZoomIn } from 'lucide-react';
import { type KeyboardEvent, useRef, useState } from 'react';
import { useBackgroundImage, useRenameBackgroundImage } from '../api/library.js';
import { useSessionsUsing } from '../api/sessions.js';
import { describeAvatar } from '../sessions/describe-avatar.js';
import { Page } from '../shell/page.js';
import { useDialog } from '../shell/search.js';
import type { ApiExample } from '../ui/api-dialog.js';
import { Button, buttonClasses, IconButton } from '../ui/button.js';
import { Dialog } from '../ui/dialog.js';
import { ErrorNotice } from '../ui/error-notice.js';
import { Facts } from '../ui/facts.js';
import { IdText } from '../ui/id-text.js';
import { RelativeTime } from '../ui/relative-time.js';
import { Skeleton } from '../ui/skeleton.js';
import { StatusPill } from '../ui/status-pill.js';
import { AdviceList } from './advice-list.js';
import { CropPicture } from './crop-picture.js';
import { DeleteDialog } from './delete-dialog.js';
import { formatBytes, formatShape, formatSize } from './format.js';
import { MAX_TITLE_CHARACTERS } from './limits.js';

const TRAIL = [{ label: 'Resources' }, { label: 'Background Images', to: '/background-images' }] as const;

/** The whole picture, scaled to fit a box of pixels; never cropped. */
const wholePicture = (id: string, width: number): string => `/v1/background-images/${encodeURIComponent(id)}/image?width=${width}&fit=contain`;

/** One background image. */
export const ImagePage = () => {
  const { id = '' } = useParams({ strict: false });
  const query = useBackgroundImage(id);
  if (query.data === undefined) {
    return (
      <Page title={query.error === null ? 'Background image' : 'Not shown'} trail={TRAIL} api={apiExamples(id)}>
        {query.error === null ? (
          <div role="status" aria-label="Loading the background image" className="grid gap-6 lg:grid-cols-[minmax(0,1fr)_320px]">
            <Skeleton className="aspect-video w-full" />
            <Skeleton className="h-72 w-full" />
          </div>
        ) : (
          <ErrorNotice
            error={query.error}
            title="The background image can’t be shown"
            {...(query.error.code === 'background_image_not_found' ? {} : { onRetry: () => void query.refetch() })}
          />
        )}
      </Page>
    );
  }
  return <LoadedImage image={query.data} />;
};

const LoadedImage = ({ image }: { readonly image: BackgroundImage }) => {
  const navigate = useNavigate();
  const { dialog, open, close } = useDialog();
  return (
    <Page
      title={image.title}
      heading={<EditableTitle image={image} />}
      note={<IdText id={image.id} what="background image id" />}
      trail={TRAIL}
      api={apiExamples(image.id)}
      actions={
        <>
          <Link to="/sessions/new" search={{ background: image.id }} className={buttonClasses()}>
            <Radio size={16} aria-hidden />
            New session
          </Link>
          <Button className="hover:text-danger" onClick={() => open('delete')}>
            <Trash2 size={16} aria-hidden />
            Delete
          </Button>
        </>
      }
    >
      <div className="grid items-start gap-6 lg:grid-cols-[minmax(0,1fr)_320px]">
        <div className="card relative p-3">
          <CropPicture src={wholePicture(image.id, 1920)} alt={image.title} size={image} maxHeight={600} />
          <IconButton label="Zoom" className="absolute top-5 right-5 bg-surface shadow-float" onClick={() => open('zoom')}>
            <ZoomIn size={16} aria-hidden />
          </IconButton>
        </div>
        <div className="flex flex-col gap-4">
          <section aria-label="Facts" className="card p-4">
            <Facts
              facts={[
                ['Size', formatSize(image)],
                ['Shape', formatShape(image)],
                ['Weight', formatBytes(image.size_bytes)],
                ['Type', image.media_type],
                ['Uploaded', <RelativeTime key="uploaded" time={image.created_at} />],
                ['Changed', <RelativeTime key="changed" time={image.updated_at} />],
              ]}
            />
          </section>
          <OnAir imageId={image.id} />
          {image.advice.length > 0 && (
            <section aria-label="Advice">
              <AdviceList advice={image.advice.map(({ message }) => message)} />
            </section>
          )}
        </div>
      </div>
      {dialog === 'delete' && <DeleteDialog image={image} onClose={close} onDeleted={() => void navigate({ to: '/background-images', search: {} })} />}
      {dialog === 'zoom' && <ZoomDialog image={image} onClose={close} />}
    </Page>
  );
};

/** Who is on air in front of the image now. */
const OnAir = ({ imageId }: { readonly imageId: string }) => {
  const { data: sessions, error, refetch } = useSessionsUsing(imageId);
  return (
    <section aria-label="On air with it" className="card p-4">
      <h2 className="mb-2 font-semibold">On air with it</h2>
      {sessions === undefined ? (
        error === null ? (
          <Skeleton className="h-5 w-full" />
        ) : (
          <ErrorNotice error={error} title="The sessions can’t be shown" onRetry={() => void refetch()} />
        )
      ) : sessions.length === 0 ? (
        <p className="text-ink-soft">No session uses it now.</p>
      ) : (
        <ul className="flex flex-col gap-2">
          {sessions.map(({ session_id: id, avatar, status, created_at: createdAt }) => (
            <li key={id} className="flex items-center justify-between gap-3">
              <Link to="/sessions/$id" params={{ id }} search={{}} className="min-w-0 rounded-sm hover:underline">
                <span className="block truncate font-medium">{describeAvatar(avatar)}</span>
                <span className="block text-sm text-ink-soft">
                  <RelativeTime time={createdAt} />
                </span>
              </Link>
              <StatusPill status={status} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
};

/** The title, edited in place: Enter saves, Esc reverts. */
const EditableTitle = ({ image }: { readonly image: BackgroundImage }) => {
  const rename = useRenameBackgroundImage(image.id);
  const [draft, setDraft] = useState<string | null>(null);
  const button = useRef<HTMLButtonElement>(null);
  const leave = (): void => {
    setDraft(null);
    requestAnimationFrame(() => button.current?.focus());
  };
  const save = (): void => {
    const title = draft?.trim() ?? '';
    if (title === '') return;
    leave();
    if (title !== image.title) rename.mutate(title);
  };
  const handleKey = (event: KeyboardEvent): void => {
    if (event.key === 'Enter') save();
    else if (event.key === 'Escape') leave();
  };
  return (
    <>
      {draft === null ? (
        <span className="flex items-start gap-1">
          <span className="min-w-0">{image.title}</span>
          <button
            ref={button}
            type="button"
            aria-label="Edit title"
            title="Edit title"
            className="inline-flex size-7 shrink-0 items-center justify-center rounded-md text-ink-soft hover:bg-hover hover:text-ink"
            onClick={() => {
              rename.reset();
              setDraft(image.title);
            }}
          >
            <Pencil size={14} aria-hidden />
          </button>
        </span>
      ) : (
        <span className="flex flex-wrap gap-2">
          <input
            aria-label="Title"
            className="field max-w-130 min-w-0 flex-1 font-normal"
            value={draft}
            maxLength={MAX_TITLE_CHARACTERS}
            autoFocus
            onFocus={(event) => event.target.select()}
            onChange={(event) => setDraft(event.target.value)}
            onKeyDown={handleKey}
          />
          <Button variant="primary" className="text-base" disabled={draft.trim() === ''} onClick={save}>
            Save
          </Button>
          <Button className="text-base" onClick={leave}>
            Cancel
          </Button>
        </span>
      )}
      {rename.error !== null && (
        <span className="mt-3 block text-base font-normal">
          <ErrorNotice error={rename.error} title="The title was not changed" onRetry={() => rename.mutate(rename.variables)} />
        </span>
      )}
    </>
  );
};

const ZoomDialog = ({ image, onClose }: { readonly image: BackgroundImage; readonly onClose: () => void }) => {
  const [isActualSize, setActualSize] = useState(false);
  return (
    <Dialog
      title={image.title}
      size="full"
      onClose={onClose}
      footer={
        <Button aria-pressed={isActualSize} onClick={() => setActualSize((actual) => !actual)}>
          {isActualSize ? 'Fit to the window' : 'Actual size'}
        </Button>
      }
    >
      <div tabIndex={0} role="group" aria-label="Picture, scrollable" className="flex h-full w-full overflow-auto">
        <img
          src={wholePicture(image.id, 3840)}
          alt={image.title}
          className={isActualSize ? 'chequered m-auto max-w-none cursor-zoom-out' : 'chequered m-auto max-h-full max-w-full cursor-zoom-in object-contain'}
          {...(isActualSize ? { width: image.width, height: image.height } : {})}
          onClick={() => setActualSize((actual) => !actual)}
        />
      </div>
    </Dialog>
  );
};

const apiExamples = (id: string): readonly ApiExample[] => {
  const path = `/v1/background-images/${id}`;
  return [
    { title: 'View this background image', method: 'GET', path, typescript: `const image = await backlot.backgroundImages.get('${id}');` },
    {
      title: 'Rename it',
      method: 'PATCH',
      path,
      body: { title: 'Quiet office' },
      typescript: `await backlot.backgroundImages.rename('${id}', 'Quiet office');`,
    },
    {
      title: 'Start a session with it',
      method: 'POST',
      path: '/v1/sessions',
      body: { background_image: id },
      typescript: `const session = await backlot.sessions.create({ background_image: '${id}' });`,
    },
    {
      title: 'List who is live in front of it',
      method: 'GET',
      path: `/v1/sessions?background_image=${id}&status=live`,
      typescript: `const { data } = await backlot.sessions.list({ backgroundImage: '${id}', status: 'live' });`,
    },
    { title: 'Delete it', method: 'DELETE', path, typescript: `await backlot.backgroundImages.delete('${id}');` },
  ];
};
