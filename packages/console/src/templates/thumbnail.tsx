import type { Template } from '@backlot/client';
import { ownAddress } from '../api/own-address.js';
import { classes } from '../ui/classes.js';

interface TemplateThumbnailProps {
  readonly template: Template;
  /** Its size. */
  readonly className: string;
}

/** What stands behind in a template; in words when that is nothing, or was deleted. */
export const TemplateThumbnail = ({ template, className }: TemplateThumbnailProps) =>
  template.thumbnail_url === null ? (
    <span className={classes('chequered flex shrink-0 items-center justify-center rounded-sm text-xs', className)}>
      {template.background_image === null ? (
        <span className="rounded-sm bg-surface px-1">None</span>
      ) : (
        <span className="rounded-sm bg-surface px-1 text-warning" title="The background image was deleted: choose another.">
          Deleted
        </span>
      )}
    </span>
  ) : (
    <img
      src={ownAddress(template.thumbnail_url)}
      alt="Background"
      loading="lazy"
      decoding="async"
      className={classes('chequered shrink-0 rounded-sm object-cover', className)}
    />
  );
