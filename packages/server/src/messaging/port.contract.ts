import { inspect } from 'node:util';
import type { ErrorCode } from '@backlot/contract';
import type { Logger } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BacklotError } from '../errors.js';
import { createLog } from '../logging.js';
import { type ChatReference, type MessagingCapabilities, type MessagingProvider, OutcomeUnknownError, type ProviderImage } from './port.js';
import type { ProviderTimeouts } from './provider-client.js';
import { startWireServer, type WireFault, type WireReply, type WireRequest, type WireServer } from '../http/wire-server.testing.js';

/** A call of the port that goes out to the provider. */
export type MessagingOperation = 'setBackground' | 'getBackground' | 'removeBackground' | 'startTyping' | 'renameGroup' | 'listChats' | 'listMessages';

/** What the provider's own errors mean. */
export interface RefusalCase {
  readonly what: string;
  readonly operation: MessagingOperation;
  readonly reply: WireReply;
  readonly code: ErrorCode;
  readonly retryAfterSeconds?: number;
}

/** What an adapter's tests bring. */
export interface MessagingProviderCase {
  /** Makes the provider anew, ready for calls; it must know no other server than this one. */
  readonly open: (
    server: WireServer,
    options: { readonly log: Logger; readonly timeouts: ProviderTimeouts },
  ) => Promise<{ readonly provider: MessagingProvider } & AsyncDisposable>;
  /** How a provider answers that is well; called for each request. */
  readonly answer: (request: WireRequest) => WireReply;
  readonly capabilities: MessagingCapabilities;
  readonly chat: ChatReference;
  readonly group: ChatReference;
  /** Method and path of the request that does it, as sent; of several, the last. Supported operations only. */
  readonly wire: Partial<Readonly<Record<MessagingOperation, string>>>;
  /** Fails unless the request carries exactly this image. */
  readonly checkUpload?: (request: WireRequest, image: ProviderImage) => void;
  /** Fails unless the request is authenticated as documented. */
  readonly checkAuthentication: (request: WireRequest) => void;
  /** The body of the provider's error answers. */
  readonly errorBody: (status: number) => unknown;
  /** Well-formed JSON that answers nothing that was asked. */
  readonly nonsense?: readonly unknown[];
  /** Beyond what a status says by itself. */
  readonly refusals: readonly RefusalCase[];
  /** Keys, passwords and whatever else must never show. */
  readonly secrets: readonly string[];
}

const CHANGES = new Set<MessagingOperation>(['setBackground', 'removeBackground', 'startTyping', 'renameGroup']);
/** Far beyond any test's patience, and short enough to be seen to end. */
const TIMEOUTS: ProviderTimeouts = { uploadMs: 60_000, callMs: 60_000 };
const BRIEF: ProviderTimeouts = { uploadMs: 150, callMs: 150 };

const isSupported = ({ background, typing, renameGroup, history }: MessagingCapabilities, operation: MessagingOperation): boolean => {
  switch (operation) {
    case 'setBackground':
      return background.set;
    case 'getBackground':
      return background.get;
    case 'removeBackground':
      return background.remove;
    case 'startTyping':
      return typing;
    case 'renameGroup':
      return renameGroup;
    case 'listChats':
      return true;
    case 'listMessages':
      return history;
  }
};

const OPERATIONS: readonly MessagingOperation[] = [
  'setBackground',
  'getBackground',
  'removeBackground',
  'startTyping',
  'renameGroup',
  'listChats',
  'listMessages',
];

/** Bytes of every value, with line breaks and boundaries' dashes among them: what encodings like to spoil. */
export const awkwardImage = (sizeBytes = 70_001): ProviderImage => {
  const bytes = new Uint8Array(sizeBytes);
  for (let index = 0; index < sizeBytes; index++) bytes[index] = (index * 31 + (index >> 8)) & 0xff;
  bytes.set([0xff, 0xd8, 0xff]);
  bytes.set(Buffer.from('\r\n--boundary--\r\n\r\n'), 500);
  return { bytes, mediaType: 'image/jpeg', fileName: 'background.jpg' };
};

/** What every messaging provider must do, run by each adapter's tests. */
export const describeMessagingProvider = (name: string, given: MessagingProviderCase): void => {
  describe(`messaging provider: ${name}`, () => {
    let server: WireServer;
    let provider: MessagingProvider;
    let opened: ({ readonly provider: MessagingProvider } & AsyncDisposable) | undefined;
    let logged: string[];
    /** Everything that a test saw of errors: what could leak. */
    let shown: string[];

    const open = async (timeouts: ProviderTimeouts = TIMEOUTS): Promise<void> => {
      await opened?.[Symbol.asyncDispose]();
      opened = await given.open(server, { log: createLog('debug', { write: (line: string) => void logged.push(line) }), timeouts });
      ({ provider } = opened);
      server.requests.length = 0;
    };

    beforeEach(async () => {
      logged = [];
      shown = [];
      server = await startWireServer();
      server.answer = given.answer;
      await open();
    });
    afterEach(async () => {
      server.fault = null;
      await opened?.[Symbol.asyncDispose]();
      opened = undefined;
      await server[Symbol.asyncDispose]();
      const everything = [...logged, ...shown].join('\n');
      for (const secret of given.secrets) {
        for (const form of [secret, encodeURIComponent(secret)]) expect(everything.includes(form), 'a secret shows in a log line or an error').toBe(false);
      }
    });

    const image = awkwardImage();
    const run = async (operation: MessagingOperation, signal: AbortSignal = new AbortController().signal): Promise<unknown> => {
      switch (operation) {
        case 'setBackground':
          return provider.setBackground(given.chat, image, signal);
        case 'getBackground':
          return provider.getBackground(given.chat, signal);
        case 'removeBackground':
          return provider.removeBackground(given.chat, signal);
        case 'startTyping':
          return provider.startTyping(given.chat, signal);
        case 'renameGroup':
          return provider.renameGroup(given.group, 'Film night', signal);
        case 'listChats':
          return provider.listChats(50, signal);
        case 'listMessages':
          return provider.listMessages(new Date('2026-11-20T12:00:00.000Z'), 100, signal);
      }
    };
    const failureOf = async (promise: Promise<unknown>): Promise<BacklotError> => {
      const thrown: unknown = await promise.then(
        () => new Error('it did not fail'),
        (error: unknown) => error,
      );
      shown.push(inspect(thrown, { depth: 10 }));
      expect(thrown).toBeInstanceOf(BacklotError);
      return thrown as BacklotError;
    };
    const underFault = async (operation: MessagingOperation, fault: WireFault, signal?: AbortSignal): Promise<BacklotError> => {
      server.fault = fault;
      return failureOf(run(operation, signal));
    };
    const expectInDoubt = (operation: MessagingOperation, error: BacklotError, mayHaveHappened = true): void =>
      expect(error instanceof OutcomeUnknownError, 'whether the outcome is in doubt').toBe(CHANGES.has(operation) && mayHaveHappened);

    const supported = OPERATIONS.filter((operation) => isSupported(given.capabilities, operation));
    const unsupported = OPERATIONS.filter((operation) => !isSupported(given.capabilities, operation));

    test('it declares what it can do', () => {
      expect(provider.capabilities).toEqual(given.capabilities);
    });

    test.each(supported)('%s sends what the provider documents, authenticated', async (operation) => {
      await run(operation);
      expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toContain(given.wire[operation]);
      for (const request of server.requests) given.checkAuthentication(request);
    });

    if (unsupported.length > 0) {
      test.each(unsupported)('%s is unsupported, and nothing goes out', async (operation) => {
        expect(await failureOf(run(operation))).toMatchObject({ code: 'provider_unsupported', status: 501 });
        expect(server.requests).toEqual([]);
      });
    }

    if (given.capabilities.background.set) {
      const expectUploaded = (sent: ProviderImage): void => {
        const uploads = server.requests.filter(({ method, path }) => `${method} ${path}` === given.wire.setBackground);
        expect(uploads).toHaveLength(1);
        for (const upload of uploads) given.checkUpload?.(upload, sent);
      };

      test('an image arrives byte for byte', async () => {
        const background = await provider.setBackground(given.chat, image, new AbortController().signal);
        expect(background.hasBackground).toBe(true);
        expect(background.changed === null).toBe(!given.capabilities.background.reportsChanged);
        expectUploaded(image);
      });

      test('each type arrives under its own name', async () => {
        for (const [mediaType, fileName] of [
          ['image/png', 'background.png'],
          ['image/gif', 'background.gif'],
          ['image/webp', 'background.webp'],
          ['image/heic', 'background.heic'],
        ] as const) {
          server.requests.length = 0;
          const other: ProviderImage = { ...image, mediaType, fileName };
          expect(await provider.setBackground(given.chat, other, new AbortController().signal)).toMatchObject({ hasBackground: true });
          expectUploaded(other);
        }
      });

      test('the largest image arrives whole', async () => {
        const largest = awkwardImage(given.capabilities.background.maxBytes);
        expect(await provider.setBackground(given.chat, largest, new AbortController().signal)).toMatchObject({ hasBackground: true });
        expectUploaded(largest);
      });
    }

    if (given.capabilities.background.set && !given.capabilities.background.groups) {
      test('the background of a group is refused, and nothing goes out', async () => {
        expect(await failureOf(provider.setBackground(given.group, image, new AbortController().signal))).toMatchObject({ code: 'provider_unsupported' });
        expect(server.requests).toEqual([]);
      });
    }

    describe.each(supported)('when %s meets', (operation) => {
      const status = (code: number, headers: Readonly<Record<string, string>> = {}): WireFault => ({
        kind: 'reply',
        reply: { status: code, headers, body: given.errorBody(code) },
      });

      test.each([
        [401, 'provider_error'],
        [403, 'provider_not_ready'],
        [404, 'provider_error'],
        [409, 'provider_error'],
        [429, 'provider_unavailable'],
        [500, 'provider_error'],
        [502, 'provider_error'],
        [503, 'provider_unavailable'],
        [504, 'provider_unavailable'],
      ] as const)('%i, it is %s', async (code, expected) => {
        const error = await underFault(operation, status(code));
        expect(error.code).toBe(expected);
        expectInDoubt(operation, error, [500, 502, 504].includes(code));
      });

      test('429 and 503 with Retry-After, it passes the wait on', async () => {
        for (const code of [429, 503]) {
          expect(await underFault(operation, status(code, { 'retry-after': '37' }))).toMatchObject({ code: 'provider_unavailable', retryAfterSeconds: 37 });
          const date = new Date(Date.now() + 90_000).toUTCString();
          const error = await underFault(operation, status(code, { 'retry-after': date }));
          expect(error.retryAfterSeconds).toBeGreaterThan(60);
          expect(error.retryAfterSeconds).toBeLessThanOrEqual(90);
          const past = await underFault(operation, status(code, { 'retry-after': 'Thu, 01 Jan 1970 00:00:00 GMT' }));
          expect(past.retryAfterSeconds).toBe(1);
        }
      });

      test('a redirect, it does not follow', async () => {
        const error = await underFault(operation, { kind: 'reply', reply: { status: 302, headers: { location: `${server.url}/elsewhere` } } });
        expect(error.code).toBe('provider_error');
        expect(server.requests.filter(({ path }) => path === '/elsewhere')).toEqual([]);
      });

      test.each([
        ['a page of HTML', '<!doctype html><title>Welcome</title>'],
        ['broken JSON', '{"half":'],
        ['an empty body', ''],
        ['JSON that is no object', '[1, 2'],
        ...(given.nonsense ?? []).map((body) => [`${JSON.stringify(body).slice(0, 60)}`, JSON.stringify(body)]),
      ])('%s as a success, it is an error', async (_name, body) => {
        const error = await underFault(operation, { kind: 'reply', reply: { status: 200, body } });
        expect(error.code).toBe('provider_error');
        expectInDoubt(operation, error);
      });

      test('silence, it ends at its own time-out', async () => {
        await open(BRIEF);
        const error = await underFault(operation, { kind: 'hang' });
        expect(error.code).toBe('provider_unavailable');
        expectInDoubt(operation, error);
      });

      test('an answer that stops half-way, it ends at its own time-out', async () => {
        await open(BRIEF);
        const error = await underFault(operation, { kind: 'hang_mid_body' });
        expect(error.code).toBe('provider_unavailable');
        expectInDoubt(operation, error);
      });

      test('silence, it ends at the signal', async () => {
        const abort = new AbortController();
        void server.next().then(() => abort.abort());
        const error = await underFault(operation, { kind: 'hang' }, abort.signal);
        expect(error.code).toBe('provider_unavailable');
        expectInDoubt(operation, error);
      });

      test('a signal that has gone off, nothing goes out', async () => {
        const error = await failureOf(run(operation, AbortSignal.abort()));
        expect(error.code).toBe('provider_unavailable');
        expect(error).not.toBeInstanceOf(OutcomeUnknownError);
        expect(server.requests).toEqual([]);
      });

      test.each(['close', 'close_mid_body'] as const)('a connection that ends (%s), it is unavailable', async (kind) => {
        const error = await underFault(operation, { kind });
        expect(error.code).toBe('provider_unavailable');
        expectInDoubt(operation, error);
      });

      test('a port that nobody listens on, it is unavailable and nothing is in doubt', async () => {
        await server[Symbol.asyncDispose]();
        // A connection that was kept open may only now be found closed, and what is sent over it is in doubt.
        await failureOf(run('listChats'));
        const error = await failureOf(run(operation));
        expect(error.code).toBe('provider_unavailable');
        expect(error).not.toBeInstanceOf(OutcomeUnknownError);
      });

      test('a provider that is well again, it works again', async () => {
        await underFault(operation, { kind: 'close' });
        server.fault = null;
        await expect(run(operation)).resolves.not.toBeInstanceOf(Error);
      });
    });

    if (given.refusals.length > 0) {
      test.each(given.refusals)('$what is $code', async ({ operation, reply, code, retryAfterSeconds }) => {
        const error = await underFault(operation, { kind: 'reply', reply });
        expect(error).toMatchObject({ code, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) });
      });
    }
  });
};
