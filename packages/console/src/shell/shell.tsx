import type { BacklotApiError, Me } from '@backlot/client';
import { useQuery } from '@tanstack/react-query';
import { Link, Outlet, useNavigate, useRouterState } from '@tanstack/react-router';
import { Images, LayoutTemplate, LogOut, MessagesSquare, Radio, Sparkles, Webhook, WifiOff, X } from 'lucide-react';
import { createContext, use, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';
import { useBacklot } from '../api/backlot-context.js';
import { UploadsProvider } from '../library/uploads.js';
import { IconButton } from '../ui/button.js';

interface ShellState {
  readonly openMenu: () => void;
  /** Whether a page was left for this one: the first page leaves the focus to the browser. */
  readonly hasNavigated: boolean;
}

const ShellContext = createContext<ShellState>({ openMenu: () => undefined, hasNavigated: false });

/** What a page needs of the shell around it. */
export const useShell = (): ShellState => use(ShellContext);

const GROUPS = [
  {
    title: 'Resources',
    links: [
      { to: '/background-images', label: 'Background Images', icon: Images },
      { to: '/templates', label: 'Templates', icon: LayoutTemplate },
    ],
  },
  { title: 'On air', links: [{ to: '/sessions', label: 'Sessions', icon: Radio }] },
  { title: 'Messaging', links: [{ to: '/conversations', label: 'Conversations', icon: MessagesSquare }] },
  {
    title: 'Settings',
    links: [
      { to: '/avatar-vendors', label: 'Avatar vendors', icon: Sparkles },
      { to: '/webhooks', label: 'Webhooks', icon: Webhook },
    ],
  },
] as const;

/** Sidebar, drawer, offline banner and the page. */
export const Shell = () => {
  const backlot = useBacklot();
  const me = useQuery<Me, BacklotApiError>({ queryKey: ['me'], queryFn: ({ signal }) => backlot.me({ signal }), staleTime: Infinity });
  const [menuOpen, setMenuOpen] = useState(false);
  const path = useRouterState({ select: (state) => state.location.pathname });
  const firstPath = useRef(path);
  const hasNavigated = useRef(false);
  if (path !== firstPath.current) hasNavigated.current = true;
  useEffect(() => setMenuOpen(false), [path]);
  const state = useMemo(
    () => ({
      openMenu: () => setMenuOpen(true),
      get hasNavigated() {
        return hasNavigated.current;
      },
    }),
    [],
  );
  return (
    <ShellContext value={state}>
      <UploadsProvider>
        <a href="#main" className="sr-only z-50 rounded-md bg-raised px-4 py-2 font-medium shadow-float focus:not-sr-only focus:fixed focus:top-2 focus:left-2">
          Skip to content
        </a>
        <div className="flex min-h-dvh">
          <aside className="sticky top-0 hidden h-dvh w-(--sidebar-width) shrink-0 border-r border-line bg-sunken md:block">
            <Sidebar me={me.data} />
          </aside>
          {menuOpen && (
            <Drawer onClose={() => setMenuOpen(false)}>
              <Sidebar me={me.data} />
            </Drawer>
          )}
          <div className="flex min-w-0 flex-1 flex-col">
            <OfflineBanner />
            <Outlet />
          </div>
        </div>
      </UploadsProvider>
    </ShellContext>
  );
};

const Sidebar = ({ me }: { readonly me: Me | undefined }) => {
  const navigate = useNavigate();
  const signOut = async (): Promise<void> => {
    await fetch('/v1/console/sign-out', { method: 'POST', signal: AbortSignal.timeout(10_000) }).catch(() => undefined);
    await navigate({ to: '/sign-in' });
  };
  return (
    <div className="flex h-full flex-col p-3">
      <Link to="/background-images" className="mb-4 flex h-10 items-center gap-2.5 rounded-md px-2 text-lg font-semibold">
        <img src={`${import.meta.env.BASE_URL}favicon.svg`} alt="" width={24} height={24} />
        Backlot
      </Link>
      <nav aria-label="Console" className="flex flex-1 flex-col gap-5">
        {GROUPS.map((group) => (
          <div key={group.title}>
            <h2 className="mb-1 px-2 text-xs font-medium text-ink-soft">{group.title}</h2>
            <ul>
              {group.links.map(({ to, label, icon: Icon }) => (
                <li key={to}>
                  <Link
                    to={to}
                    search={{}}
                    activeOptions={{ includeSearch: false }}
                    className="flex h-9 items-center gap-2.5 rounded-md px-2 font-medium text-ink-soft hover:bg-hover hover:text-ink aria-[current=page]:bg-accent-soft aria-[current=page]:text-accent max-md:h-10"
                  >
                    <Icon size={16} aria-hidden />
                    {label}
                  </Link>
                </li>
              ))}
            </ul>
          </div>
        ))}
      </nav>
      <div className="flex items-center gap-2 border-t border-line pt-3 pl-2">
        <div className="min-w-0 flex-1">
          <p className="truncate font-medium">{me?.organization.name ?? '\u00a0'}</p>
          <p className="truncate text-xs text-ink-soft">{me === undefined ? '\u00a0' : `Backlot ${me.version}`}</p>
        </div>
        <IconButton label="Sign out" onClick={() => void signOut()}>
          <LogOut size={16} aria-hidden />
        </IconButton>
      </div>
    </div>
  );
};

const Drawer = ({ children, onClose }: { readonly children: React.ReactNode; readonly onClose: () => void }) => {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      aria-label="Menu"
      className="m-0 h-dvh max-h-none w-[280px] max-w-[85vw] bg-sunken shadow-float"
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onMouseDown={(event) => {
        if (event.target === event.currentTarget) onClose();
      }}
    >
      <IconButton label="Close menu" className="absolute top-3 right-3" onClick={onClose}>
        <X size={16} aria-hidden />
      </IconButton>
      {children}
    </dialog>
  );
};

const subscribeToLine = (onChange: () => void): (() => void) => {
  window.addEventListener('online', onChange);
  window.addEventListener('offline', onChange);
  return () => {
    window.removeEventListener('online', onChange);
    window.removeEventListener('offline', onChange);
  };
};

const OfflineBanner = () => {
  const online = useSyncExternalStore(subscribeToLine, () => navigator.onLine);
  return (
    <div role="status">
      {!online && (
        <p className="flex items-center gap-2 bg-warning-soft px-4 py-2 md:px-8">
          <WifiOff size={16} className="text-warning" aria-hidden />
          You are offline. What you see may be old; changes are not possible until the connection is back.
        </p>
      )}
    </div>
  );
};
