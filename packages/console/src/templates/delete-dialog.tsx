import type { Template } from '@backlot/client';
import { useDeleteTemplate } from '../api/templates.js';
import { ConfirmDialog } from '../ui/confirm-dialog.js';
import { TemplateThumbnail } from './thumbnail.js';

export interface DeleteTemplateDialogProps {
  readonly template: Template;
  readonly onClose: () => void;
  readonly onDeleted: () => void;
}

/** Names and shows what is deleted, and says what happens. */
export const DeleteTemplateDialog = ({ template, onClose, onDeleted }: DeleteTemplateDialogProps) => {
  const remove = useDeleteTemplate();
  return (
    <ConfirmDialog
      title="Delete template"
      action="Delete template"
      pendingAction="Deleting"
      isPending={remove.isPending}
      error={remove.error}
      errorTitle="The template was not deleted"
      onConfirm={() => remove.mutate(template.id, { onSuccess: onDeleted })}
      onClose={onClose}
    >
      <div className="flex items-center gap-4">
        <TemplateThumbnail template={template} className="h-[54px] w-24" />
        <div className="min-w-0">
          <p className="line-clamp-2 font-medium wrap-anywhere">{template.title}</p>
          <p className="truncate font-mono text-xs text-ink-soft">{template.id}</p>
        </div>
      </div>
      <p>Sessions that were started with it go on as they are. New ones can’t use it.</p>
    </ConfirmDialog>
  );
};
