import { BacklotApiError, createBacklotClient } from '@backlot/client';
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { createRoot } from 'react-dom/client';
import { BacklotProvider } from './api/backlot-context.js';
import { createConsoleRouter } from './router.js';
import { applyTheme } from './shell/theme.js';
import './styles/app.css';

applyTheme();

const router = createConsoleRouter();

/** Signed out, wherever it shows: sign in and come back. */
const handleError = (error: Error): void => {
  if (!(error instanceof BacklotApiError) || error.status !== 401) return;
  const { pathname, href } = router.state.location;
  if (pathname.endsWith('/sign-in')) return;
  void router.navigate({ to: '/sign-in', search: { return: href.replace(/^\/console(?=\/)/, '') }, replace: true });
};

const MAX_RETRIES = 2;
const queries = new QueryClient({
  queryCache: new QueryCache({ onError: handleError }),
  mutationCache: new MutationCache({ onError: handleError }),
  defaultOptions: {
    // Requests are tried even when the browser believes to be offline: this server may be on the same machine.
    queries: {
      networkMode: 'always',
      staleTime: 5_000,
      // A dead server should show as such within a second or two; a refusal at once.
      retry: (failures, error) => failures < MAX_RETRIES && error instanceof BacklotApiError && error.retryable && error.status >= 500,
      retryDelay: (failure, error) =>
        error instanceof BacklotApiError && error.retryAfterSeconds !== null ? Math.min(error.retryAfterSeconds, 5) * 1000 : 300 * 2 ** failure,
    },
    mutations: { networkMode: 'always' },
  },
});

const element = document.getElementById('root');
if (element === null) throw new TypeError('The page has no element with the id "root".');
createRoot(element).render(
  <QueryClientProvider client={queries}>
    <BacklotProvider value={createBacklotClient({ baseUrl: location.origin, credentials: 'same-origin' })}>
      <RouterProvider router={router} />
    </BacklotProvider>
  </QueryClientProvider>,
);
