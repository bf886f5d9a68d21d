import type { ReactNode } from 'react';
import { Button } from './button.js';
import { Dialog } from './dialog.js';
import { ErrorNotice } from './error-notice.js';

export interface ConfirmDialogProps {
  readonly title: string;
  /** What happens when it is done. */
  readonly children: ReactNode;
  /** The button, and the button while it is being done. */
  readonly action: string;
  readonly pendingAction: string;
  readonly isPending: boolean;
  readonly error: Error | null;
  readonly errorTitle: string;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
}

/** Asks before something that can't be taken back. The focus starts on Cancel; an error stays in the dialog. */
export const ConfirmDialog = ({ title, children, action, pendingAction, isPending, error, errorTitle, onConfirm, onClose }: ConfirmDialogProps) => (
  <Dialog
    title={title}
    size="small"
    onClose={onClose}
    footer={
      <>
        <Button data-autofocus onClick={onClose}>
          Cancel
        </Button>
        <Button variant="danger" disabled={isPending} onClick={onConfirm}>
          {isPending ? pendingAction : action}
        </Button>
      </>
    }
  >
    <div className="flex flex-col gap-4">
      {children}
      {error !== null && <ErrorNotice error={error} title={errorTitle} />}
    </div>
  </Dialog>
);
