import type { ComponentProps, ReactNode } from 'react';
import { classes } from './classes.js';

type Variant = 'primary' | 'secondary' | 'ghost' | 'danger';

const LOOKS: Readonly<Record<Variant, string>> = {
  primary: 'bg-accent-solid text-on-accent hover:bg-accent-solid-hover border-transparent',
  secondary: 'bg-surface text-ink border-line hover:bg-hover',
  ghost: 'border-transparent text-ink-soft hover:bg-hover hover:text-ink',
  danger: 'bg-danger-solid text-on-accent hover:bg-danger-solid-hover border-transparent',
};

/** Classes of a button, for links that look like one. */
export const buttonClasses = (variant: Variant = 'secondary', extra?: string): string =>
  classes(
    'inline-flex h-9 shrink-0 items-center justify-center gap-2 rounded-md border px-3 font-medium whitespace-nowrap transition-colors disabled:opacity-60 max-md:h-10',
    LOOKS[variant],
    extra,
  );

/** A button with words. */
export const Button = ({ variant, className, ...props }: ComponentProps<'button'> & { readonly variant?: Variant }) => (
  <button type="button" {...props} className={buttonClasses(variant, className)} />
);

/** A button with an icon only; `label` is its name for everybody who can't see it, and its tooltip. */
export const IconButton = ({
  label,
  className,
  children,
  ...props
}: Omit<ComponentProps<'button'>, 'aria-label'> & { readonly label: string; readonly children: ReactNode }) => (
  <button
    type="button"
    title={label}
    {...props}
    aria-label={label}
    className={classes(
      'inline-flex size-8 shrink-0 items-center justify-center rounded-md text-ink-soft transition-colors hover:bg-hover hover:text-ink max-md:size-10',
      className,
    )}
  >
    {children}
  </button>
);
