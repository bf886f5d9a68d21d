import type { BackgroundImage } from '@backlot/client';
import { ownAddress } from '../api/own-address.js';
import { useDeleteBackgroundImage } from '../api/library.js';
import { ConfirmDialog } from '../ui/confirm-dialog.js';

export interface DeleteDialogProps {
  readonly image: BackgroundImage;
  readonly onClose: () => void;
  readonly onDeleted: () => void;
}

/** Names and shows what is deleted, and says what happens. */
export const DeleteDialog = ({ image, onClose, onDeleted }: DeleteDialogProps) => {
  const remove = useDeleteBackgroundImage();
  return (
    <ConfirmDialog
      title="Delete background image"
      action="Delete image"
      pendingAction="Deleting"
      isPending={remove.isPending}
      error={remove.error}
      errorTitle="The image was not deleted"
      onConfirm={() => remove.mutate(image.id, { onSuccess: onDeleted })}
      onClose={onClose}
    >
      <div className="flex items-center gap-4">
        <img src={ownAddress(image.thumbnail_url)} alt="" className="chequered h-[54px] w-24 shrink-0 rounded-sm object-cover" />
        <div className="min-w-0">
          <p className="line-clamp-2 font-medium wrap-anywhere">{image.title}</p>
          <p className="truncate font-mono text-xs text-ink-soft">{image.id}</p>
        </div>
      </div>
      <p>Sessions that already use it keep it. New ones can’t.</p>
    </ConfirmDialog>
  );
};
