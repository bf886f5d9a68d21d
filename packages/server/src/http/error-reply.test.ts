import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { organizations } from '../database/schema.js';
import { openTestApp, readError, type TestApp } from './http.testing.js';

let test: TestApp;
beforeAll(async () => {
  test = await openTestApp((app) => {
    app.get('/failing-query', async (context) => {
      const row = { id: test.organizationId, name: 'what-somebody-said', createdAt: new Date() };
      await test.database.executor.insert(organizations).values(row);
      return context.text('never');
    });
    app.get('/given-up', (context) => {
      context.req.raw.signal.throwIfAborted();
      return context.text('never');
    });
    app.get('/no-database', () => {
      throw new Error('Failed query', { cause: Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }) });
    });
  });
});
afterAll(async () => test[Symbol.asyncDispose]());

describe('what failed inside', () => {
  it('is logged without the values of the query that failed', async () => {
    const response = await test.app.request('/failing-query');
    expect(response.status).toBe(500);
    const log = test.logged.join('');
    expect(log).toContain('organizations_pkey');
    expect(log).not.toContain('what-somebody-said');
  });

  it('because nobody waits any more is no failure of ours', async () => {
    const before = test.logged.length;
    await test.app.request('/given-up', { signal: AbortSignal.abort() });
    const lines = test.logged.slice(before).map((line) => JSON.parse(line) as { level: number; msg: string });
    expect(lines).toMatchObject([
      { level: 30, msg: 'request was given up' },
      { level: 30, msg: 'request' },
    ]);
  });

  it('is a 503 to be tried again when the database is gone', async () => {
    const response = await test.app.request('/no-database');
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
    expect((await readError(response)).code).toBe('database_unavailable');
  });
});
