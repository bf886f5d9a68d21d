import type { ReactNode } from 'react';
import { classes } from '../ui/classes.js';

interface PhoneFrameProps {
  /** Names it for everybody who can't see it. */
  readonly label: string;
  /** Fills the screen, behind everything else. */
  readonly wallpaper: ReactNode;
  readonly className?: string;
  readonly children?: ReactNode;
}

/** A phone of today's shape, 9 : 19.5. */
export const PhoneFrame = ({ label, wallpaper, className, children }: PhoneFrameProps) => (
  <section aria-label={label} className={classes('relative aspect-[1179/2556] rounded-[13%/6%] border border-line-strong bg-black p-[2.5%]', className)}>
    <div className="relative size-full overflow-hidden rounded-[11%/5%] bg-canvas">
      {wallpaper}
      {children}
    </div>
  </section>
);
