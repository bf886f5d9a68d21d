import type { BackgroundImage } from '@backlot/client';
import { ownAddress } from '../api/own-address.js';
import { useDeleteBackgroundImage } from '../api/library.js';
import { Button } from '../ui/button.js';
import { Dialog } from '../ui/dialog.js';
import { ErrorNotice } from '../ui/error-notice.js';

export interface DeleteDialogProps {
  readonly image: BackgroundImage;
  readonly onClose: () => void;
  readonly onDeleted: () => void;
}

/** Names and shows what is deleted, and says what happens. */
export const DeleteDialog = ({ image, onClose, onDeleted }: DeleteDialogProps) => {
  const remove = useDeleteBackgroundImage();
  return (
    <Dialog
      title="Delete background image"
      size="small"
      onClose={onClose}
      footer={
        <>
          <Button data-autofocus onClick={onClose}>
            Cancel
          </Button>
          <Button variant="danger" disabled={remove.isPending} onClick={() => remove.mutate(image.id, { onSuccess: onDeleted })}>
            {remove.isPending ? 'Deleting' : 'Delete image'}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        <div className="flex items-center gap-4">
          <img src={ownAddress(image.thumbnail_url)} alt="" className="chequered h-[54px] w-24 shrink-0 rounded-sm object-cover" />
          <div className="min-w-0">
            <p className="line-clamp-2 font-medium wrap-anywhere">{image.title}</p>
            <p className="truncate font-mono text-xs text-ink-soft">{image.id}</p>
          </div>
        </div>
        <p>Sessions that already use it keep it. New ones can’t.</p>
        {remove.error !== null && <ErrorNotice error={remove.error} title="The image was not deleted" />}
      </div>
    </Dialog>
  );
};
