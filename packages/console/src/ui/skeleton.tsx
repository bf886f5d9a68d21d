import { classes } from './classes.js';

/** A grey box where something will be, in its final size. */
export const Skeleton = ({ className }: { readonly className?: string }) => (
  <span aria-hidden className={classes('block animate-pulse rounded-sm bg-line', className)} />
);
