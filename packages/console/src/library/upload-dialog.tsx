import { CircleAlert, CircleCheck, ImageOff, ImagePlus, X } from 'lucide-react';
import { type ChangeEvent, useEffect, useId, useRef, useState } from 'react';
import { Button, buttonClasses, IconButton } from '../ui/button.js';
import { classes } from '../ui/classes.js';
import { Dialog } from '../ui/dialog.js';
import { remedyOf } from '../ui/error-notice.js';
import { AdviceList } from './advice-list.js';
import { CropPicture } from './crop-picture.js';
import { adviseOnSize } from './crop.js';
import { formatBytes, formatSize } from './format.js';
import { MAX_TITLE_CHARACTERS, MAX_UPLOAD_BYTES } from './limits.js';
import { type Upload, useUploads } from './uploads.js';

// Some systems know HEIC only by its extensions.
const ACCEPTED = 'image/jpeg,image/png,image/webp,image/avif,image/gif,image/heic,image/heif,.heic,.heif';

/** The form with which images come into the library. Closing it while images are on their way lets them go on. */
export const UploadDialog = ({ onClose }: { readonly onClose: () => void }) => {
  const { uploads, add, start, clear } = useUploads();
  const chosen = uploads.filter(({ state }) => state === 'chosen');
  const busy = uploads.some(({ state }) => state === 'queued' || state === 'uploading' || state === 'preparing');
  const allDone = uploads.length > 0 && uploads.every(({ state }) => state === 'done');
  const close = (): void => {
    clear('idle');
    onClose();
  };
  const closing = useRef(close);
  useEffect(() => {
    closing.current = close;
  });
  useEffect(() => {
    if (allDone) closing.current();
  }, [allDone]);
  return (
    <Dialog
      title="Upload background images"
      size="medium"
      onClose={close}
      footer={
        <>
          <Button onClick={close}>{busy ? 'Close, uploads go on' : 'Cancel'}</Button>
          <Button variant="primary" disabled={chosen.length === 0} onClick={start}>
            {chosen.length > 1 ? `Upload ${chosen.length} images` : 'Upload image'}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        {uploads.map((upload) => (
          <UploadRow key={upload.key} upload={upload} alone={uploads.length === 1} />
        ))}
        <DropZone compact={uploads.length > 0} onFiles={add} />
      </div>
    </Dialog>
  );
};

const DropZone = ({ compact, onFiles }: { readonly compact: boolean; readonly onFiles: (files: Iterable<File>) => void }) => {
  const [over, setOver] = useState(false);
  const choose = (event: ChangeEvent<HTMLInputElement>): void => {
    onFiles(event.target.files ?? []);
    event.target.value = '';
  };
  return (
    <div
      className={classes(
        'rounded-lg border border-dashed text-center',
        compact ? 'p-3' : 'px-4 py-10',
        over ? 'border-accent bg-accent-soft' : 'border-line-strong',
      )}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={() => setOver(false)}
    >
      {!compact && <ImagePlus size={28} className="mx-auto mb-3 text-ink-soft" aria-hidden />}
      <label className={buttonClasses('secondary', 'focus-within:outline-2 focus-within:outline-offset-2 focus-within:outline-accent')}>
        {compact ? 'Add more' : 'Choose images'}
        <input
          type="file"
          name="image"
          data-autofocus={compact ? undefined : true}
          aria-label={compact ? 'Add more images' : 'Image'}
          accept={ACCEPTED}
          multiple
          className="sr-only"
          onChange={choose}
        />
      </label>
      {!compact && (
        <p className="mx-auto mt-3 max-w-90 text-sm text-ink-soft">
          Or drop or paste them here. JPEG, PNG, WebP, AVIF, GIF or HEIC up to 10 MB each. 1920 × 1080 or 1080 × 1920 look best.
        </p>
      )}
    </div>
  );
};

const UploadRow = ({ upload, alone }: { readonly upload: Upload; readonly alone: boolean }) => {
  const { rename, remove } = useUploads();
  const id = useId();
  const editable = upload.state === 'chosen' || upload.state === 'failed';
  const advice = upload.size ? adviseOnSize(upload.size) : [];
  return (
    <section aria-label={upload.title} data-upload={upload.state} className="card flex flex-col gap-4 p-4">
      <div className="flex flex-col gap-4 sm:flex-row">
        <div className={classes('min-w-0 shrink-0', alone ? 'sm:w-70' : 'sm:w-50')}>
          {upload.size ? (
            <CropPicture src={upload.previewUrl} alt={`Preview of ${upload.file.name}`} size={upload.size} maxHeight={alone ? 280 : 180} />
          ) : (
            <div className="flex h-28 items-center justify-center gap-2 rounded-md bg-sunken text-sm text-ink-soft">
              {upload.size === null && (
                <>
                  <ImageOff size={16} aria-hidden /> No preview
                </>
              )}
            </div>
          )}
        </div>
        <div className="min-w-0 flex-1">
          <div className="mb-1 flex items-center justify-between gap-2">
            <label htmlFor={id} className="font-medium">
              Title
            </label>
            <IconButton
              label={upload.state === 'done' ? `Hide ${upload.title}` : editable ? `Remove ${upload.title}` : `Cancel upload of ${upload.title}`}
              onClick={() => remove(upload.key)}
            >
              <X size={14} aria-hidden />
            </IconButton>
          </div>
          <input
            id={id}
            name="title"
            className="field"
            value={upload.title}
            maxLength={MAX_TITLE_CHARACTERS}
            disabled={!editable}
            onChange={(event) => rename(upload.key, event.target.value)}
          />
          <p className="mt-2 text-sm wrap-anywhere text-ink-soft">
            {upload.file.name} · {formatBytes(upload.file.size)}
            {upload.size ? ` · ${formatSize(upload.size)}` : ''}
          </p>
          <UploadProgress upload={upload} />
        </div>
      </div>
      {upload.state === 'chosen' && upload.file.size > MAX_UPLOAD_BYTES && (
        <AdviceList advice={['Larger than 10 MB: the server will refuse it. Save it with stronger compression or fewer pixels.']} />
      )}
      {upload.state === 'chosen' && upload.size === null && (
        <AdviceList advice={["This browser can't show the file as an image. The server looks at its content and says whether it can use it."]} />
      )}
      {upload.state !== 'done' && <AdviceList advice={advice} />}
      {upload.error !== null && <UploadFailure upload={upload} error={upload.error} />}
    </section>
  );
};

const UploadProgress = ({ upload }: { readonly upload: Upload }) => {
  const share = upload.file.size === 0 ? 0 : upload.sentBytes / upload.file.size;
  const text = {
    chosen: '',
    queued: 'Waiting for its turn',
    uploading: `Uploading: ${formatBytes(upload.sentBytes)} of ${formatBytes(upload.file.size)}`,
    preparing: 'Preparing',
    done: 'In the library',
    failed: '',
  }[upload.state];
  return (
    <div className="mt-3">
      {(upload.state === 'uploading' || upload.state === 'preparing') && (
        <div
          role="progressbar"
          aria-label={`Upload of ${upload.title}`}
          aria-valuemin={0}
          aria-valuemax={100}
          {...(upload.state === 'uploading' ? { 'aria-valuenow': Math.round(share * 100) } : { 'aria-valuetext': 'Preparing' })}
          className="mb-1.5 h-1.5 overflow-hidden rounded-sm bg-line"
        >
          <div
            className={classes('h-full rounded-sm bg-accent-solid', upload.state === 'preparing' && 'moving-bar')}
            style={{ width: upload.state === 'preparing' ? '40%' : `${share * 100}%` }}
          />
        </div>
      )}
      <p role="status" className="flex items-center gap-1.5 text-sm text-ink-soft tabular-nums">
        {upload.state === 'done' && <CircleCheck size={14} className="text-ok" aria-hidden />}
        {text}
      </p>
    </div>
  );
};

const UploadFailure = ({ upload, error }: { readonly upload: Upload; readonly error: NonNullable<Upload['error']> }) => {
  const { retry } = useUploads();
  return (
    <div role="alert" className="flex gap-2 rounded-md bg-danger-soft px-3 py-2.5 text-sm">
      <CircleAlert size={14} className="mt-[3px] shrink-0 text-danger" aria-hidden />
      <div className="min-w-0 flex-1">
        <p className="wrap-anywhere">
          {error.message} {remedyOf(error).replaceAll('`', '')}
        </p>
        <p className="mt-1 font-mono text-xs wrap-anywhere">
          {error.code}
          {error.requestId === null ? '' : ` · ${error.requestId}`}
        </p>
        <Button className="mt-2" onClick={() => retry(upload.key)}>
          Try again
        </Button>
      </div>
    </div>
  );
};
