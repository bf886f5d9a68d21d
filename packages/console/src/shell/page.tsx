import { Link } from '@tanstack/react-router';
import { BookOpen, ChevronRight, Code, Menu, Monitor, Moon, Sun } from 'lucide-react';
import { ToggleGroup } from 'radix-ui';
import { type ReactNode, useEffect, useRef } from 'react';
import { type ApiExample, ApiDialog } from '../ui/api-dialog.js';
import { Button, buttonClasses, IconButton } from '../ui/button.js';
import { useDialog } from './search.js';
import { useShell } from './shell.js';
import { type Theme, useTheme } from './theme.js';

export interface PageProps {
  readonly title: string;
  /** A richer heading than the title's text. */
  readonly heading?: ReactNode;
  /** Under the title: one sentence or a pill. */
  readonly note?: ReactNode;
  /** Group and page above this one. */
  readonly trail: readonly { readonly label: string; readonly to?: '/background-images' | '/templates' | '/sessions' | '/conversations' }[];
  readonly actions?: ReactNode;
  readonly api: readonly ApiExample[];
  readonly children: ReactNode;
}

/** What every page has: breadcrumb, theme, link to the docs, API button, heading. */
export const Page = ({ title, heading, note, trail, actions, api, children }: PageProps) => {
  const { openMenu, hasNavigated } = useShell();
  const { dialog, open, close } = useDialog();
  const headingElement = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    // Readers of the page hear where they have come to.
    if (hasNavigated && document.querySelector('dialog[open]') === null) headingElement.current?.focus({ preventScroll: true });
  }, [hasNavigated]);
  return (
    <>
      <title>{`${title} · Backlot`}</title>
      <header className="sticky top-0 z-20 flex h-14 shrink-0 items-center gap-2 border-b border-line bg-canvas px-4 md:px-8">
        <IconButton label="Open menu" className="-ml-2 md:hidden" onClick={openMenu}>
          <Menu size={18} aria-hidden />
        </IconButton>
        <nav aria-label="Breadcrumb" className="min-w-0 flex-1">
          <ol className="flex min-w-0 items-center gap-1 text-ink-soft">
            {trail.map(({ label, to }) => (
              <li key={label} className="flex min-w-0 items-center gap-1 max-sm:nth-1:hidden sm:shrink-0">
                {to === undefined ? (
                  label
                ) : (
                  <Link to={to} search={{}} className="truncate rounded-sm hover:text-ink hover:underline">
                    {label}
                  </Link>
                )}
                <ChevronRight size={14} className={to === undefined ? '' : 'max-sm:hidden'} aria-hidden />
              </li>
            ))}
            {/* On phones the way back needs the room; the heading says the rest. */}
            <li aria-current="page" className={`min-w-0 truncate text-ink ${trail.some(({ to }) => to !== undefined) ? 'max-sm:hidden' : ''}`}>
              {title}
            </li>
          </ol>
        </nav>
        <ThemeSwitch />
        <a href="/docs" target="_blank" rel="noreferrer" title="API reference, in a new tab" className={buttonClasses('secondary', 'max-sm:px-2.5')}>
          <BookOpen size={16} aria-hidden />
          <span className="max-sm:sr-only">Docs</span>
        </a>
        <Button className="max-sm:px-2.5" onClick={() => open('api')}>
          <Code size={16} aria-hidden />
          <span className="max-sm:sr-only">API</span>
        </Button>
      </header>
      <main id="main" tabIndex={-1} className="mx-auto w-full max-w-[1280px] flex-1 px-4 py-6 outline-none md:px-8 md:py-8">
        <div className="mb-6 flex flex-wrap items-start justify-between gap-x-6 gap-y-4">
          <div className="min-w-0 flex-1 basis-60">
            <h1 ref={headingElement} tabIndex={-1} className="text-xl font-semibold wrap-anywhere outline-none">
              {heading ?? title}
            </h1>
            {note !== undefined && <div className="mt-1 text-ink-soft">{note}</div>}
          </div>
          {actions !== undefined && <div className="flex flex-wrap gap-2">{actions}</div>}
        </div>
        {children}
      </main>
      {dialog === 'api' && <ApiDialog examples={api} onClose={close} />}
    </>
  );
};

const THEMES = [
  { value: 'light', label: 'Light', icon: Sun },
  { value: 'dark', label: 'Dark', icon: Moon },
  { value: 'system', label: 'As the system', icon: Monitor },
] as const satisfies readonly { value: Theme; label: string; icon: unknown }[];

const ThemeSwitch = () => {
  const [theme, setTheme] = useTheme();
  return (
    <ToggleGroup.Root
      type="single"
      value={theme}
      aria-label="Theme"
      className="flex rounded-md border border-line p-0.5"
      onValueChange={(value) => value !== '' && setTheme(value as Theme)}
    >
      {THEMES.map(({ value, label, icon: Icon }) => (
        <ToggleGroup.Item
          key={value}
          value={value}
          aria-label={label}
          title={label}
          className="flex size-7.5 items-center justify-center rounded-sm text-ink-soft hover:text-ink data-[state=on]:bg-hover data-[state=on]:text-ink"
        >
          <Icon size={15} aria-hidden />
        </ToggleGroup.Item>
      ))}
    </ToggleGroup.Root>
  );
};
