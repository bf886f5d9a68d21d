import { BacklotApiError, type Me } from '@backlot/client';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useEffect, useState } from 'react';
import { useConsoleSearch } from '../shell/search.js';
import { Button } from '../ui/button.js';
import { ErrorNotice } from '../ui/error-notice.js';

const signIn = async (body: { readonly token: string } | { readonly api_key: string }): Promise<Me> => {
  let response: Response;
  try {
    response = await fetch('/v1/console/sign-in', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(20_000),
    });
  } catch (cause) {
    throw new BacklotApiError('The server can’t be reached.', { code: 'connection_failed', status: 0 }, { cause });
  }
  const text = await response.text();
  if (!response.ok) throw BacklotApiError.fromReply(response.status, (name) => response.headers.get(name), text);
  return JSON.parse(text) as Me;
};

const takeToken = (): string | null => new URLSearchParams(location.hash.slice(1)).get('token');

/** Signs in with the one-time link's token, or with an API key. */
export const SignInPage = () => {
  const [{ return: back = '/background-images' }] = useConsoleSearch();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [token, setToken] = useState(takeToken);
  const [apiKey, setApiKey] = useState('');
  const [error, setError] = useState<Error | null>(null);
  const [isBusy, setBusy] = useState(false);
  useEffect(() => {
    const read = (): void => setToken(takeToken());
    window.addEventListener('hashchange', read);
    return () => window.removeEventListener('hashchange', read);
  }, []);
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      const me = await signIn(token === null ? { api_key: apiKey.trim() } : { token });
      queries.clear();
      queries.setQueryData(['me'], me);
      // The token is used up: replacing the address takes it out of the history too.
      await navigate({ href: back, replace: true });
    } catch (thrown) {
      setError(thrown instanceof Error ? thrown : new Error(String(thrown)));
      setBusy(false);
    }
  };
  return (
    <>
      <title>Sign in · Backlot</title>
      <main className="flex min-h-dvh items-center justify-center p-4">
        <div className="card w-full max-w-100 p-6 sm:p-8">
          <img src={`${import.meta.env.BASE_URL}favicon.svg`} alt="" width={40} height={40} className="mb-5" />
          <h1 className="text-xl font-semibold">Sign in to Backlot</h1>
          <form className="mt-2 flex flex-col gap-4" onSubmit={(event) => void submit(event)}>
            {token === null ? (
              <>
                <p className="text-ink-soft">Use an API key, or open the sign-in link that Backlot printed when it started.</p>
                <div>
                  <label htmlFor="api-key" className="mb-1 block font-medium">
                    API key
                  </label>
                  <input
                    id="api-key"
                    name="api_key"
                    type="password"
                    autoComplete="current-password"
                    required
                    spellCheck={false}
                    placeholder="blk_…"
                    className="field font-mono"
                    value={apiKey}
                    onChange={(event) => setApiKey(event.target.value)}
                  />
                </div>
              </>
            ) : (
              <p className="text-ink-soft">You opened a one-time sign-in link. It keeps this browser signed in.</p>
            )}
            {error !== null && <ErrorNotice error={error} title="You are not signed in" />}
            <Button type="submit" variant="primary" disabled={isBusy}>
              {isBusy ? 'Signing in' : 'Sign in'}
            </Button>
            {token !== null && (
              <Button
                variant="ghost"
                onClick={() => {
                  setToken(null);
                  setError(null);
                }}
              >
                Use an API key instead
              </Button>
            )}
          </form>
        </div>
      </main>
    </>
  );
};
