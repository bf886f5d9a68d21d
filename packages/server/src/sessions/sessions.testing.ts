import { every } from 'hono/combine';
import { pino } from 'pino';
import sharp from 'sharp';
import type { AvatarProvider } from '../avatars/port.js';
import { createStandInAvatars } from '../avatars/stand-in/provider.js';
import { createWhipAvatars } from '../avatars/whip/provider.js';
import { openTestLibrary, type TestLibrary } from '../backgrounds/library.testing.js';
import { createAuthentication, requireOrganization } from '../http/authentication.js';
import { EventStreams } from '../http/event-stream.js';
import { openTestApp, PUBLIC_URL, readError, type TestApp } from '../http/http.testing.js';
import { idempotency } from '../http/idempotency.js';
import { openSafeFetchRig, type SafeFetchRig } from '../http/safe-fetch/rig.testing.js';
import { createSessionTokens } from '../identity/session-tokens.js';
import { createMediaHost } from '../media/host.js';
import { createEmbeddedAccess, createEmbeddedStage, registerWebrtcRoutes } from '../stage/embedded/index.js';
import { createSessionAuthorization } from './authorization.js';
import { registerSessionRoutes } from './routes.js';
import { SessionService, type SessionServiceOptions } from './service.js';
import { registerTemplateRoutes } from './template-routes.js';
import { TemplateService } from './templates.js';

/** Sessions and templates by REST, on real parts: database, library and stage. */
export interface TestSessions extends AsyncDisposable {
  readonly server: TestApp;
  readonly library: TestLibrary;
  readonly rig: SafeFetchRig;
  readonly tokens: ReturnType<typeof createSessionTokens>;
  /** What every session service here is made with. */
  readonly dependencies: Pick<SessionServiceOptions, 'database' | 'library' | 'templates' | 'fetcher'>;
  /** Another process's sessions on the same database. */
  readonly openSessions: (maxSessions: number) => SessionService;
  /** Puts a picture of one colour into a library and returns its id. */
  readonly addImage: (organizationId?: string) => Promise<string>;
}

/** The voices that the stand-in has here. */
export const VOICES = ['en-us', 'de'];

/** Status and code of an error's reply. */
export const codeOf = async (response: Response): Promise<[number, string]> => [response.status, (await readError(response)).code];

/** Opens them. The avatars are `whip` and the stand-in. */
export const openTestSessions = async (): Promise<TestSessions> => {
  const log = pino({ level: 'silent' });
  const tokens = createSessionTokens(new Uint8Array(32).fill(3));
  const server = await openTestApp();
  const { database } = server;
  const rig = await openSafeFetchRig();
  const library = await openTestLibrary({ database });
  const stage = await createEmbeddedStage({ udpPort: 0, log });
  const media = createMediaHost({ log, spare: 0 });
  const avatars: readonly AvatarProvider[] = [
    createStandInAvatars({ media, findEspeak: async () => null, listVoices: async () => VOICES }),
    createWhipAvatars({ media }),
  ];
  const templates = new TemplateService({ database, avatars, library: library.library.service });
  const dependencies = { database, library: library.library.service, templates, fetcher: rig.open() };
  const openSessions = (maxSessions: number): SessionService =>
    new SessionService({
      ...dependencies,
      stage,
      access: createEmbeddedAccess({ publicUrl: PUBLIC_URL, localUrl: PUBLIC_URL, tokens }),
      avatars,
      tokens,
      publicUrl: PUBLIC_URL,
      maxSessions,
      log,
    });
  const sessions = openSessions(100);
  const authenticate = createAuthentication({ authenticator: server.identity, publicUrl: PUBLIC_URL });
  const authorization = createSessionAuthorization({ sessions, tokens, authenticate });
  const guard = every(requireOrganization(authenticate), idempotency({ database }));
  registerTemplateRoutes(server.app, { templates, guard });
  registerSessionRoutes(server.app, { sessions, authorization, eventStreams: new EventStreams(), guard });
  registerWebrtcRoutes(server.app, { stage, authorize: authorization.mayConnect });
  return {
    server,
    library,
    rig,
    tokens,
    dependencies,
    openSessions,
    addImage: async (organizationId = server.organizationId) => {
      const bytes = await sharp({ create: { width: 320, height: 180, channels: 3, background: { r: Math.floor(Math.random() * 255), g: 40, b: 90 } } })
        .jpeg()
        .toBuffer();
      return (await library.library.service.create(organizationId, { title: 'Plain', bytes })).id;
    },
    [Symbol.asyncDispose]: async () => {
      for (const part of [sessions, media, stage, library, rig, server]) await part[Symbol.asyncDispose]();
    },
  };
};
