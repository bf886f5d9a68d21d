import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { every } from 'hono/combine';
import { type Logger, pino } from 'pino';
import { registerAvatarCredentialRoutes } from './avatar-credentials/routes.js';
import { AvatarCredentialService } from './avatar-credentials/service.js';
import { createClipAvatars } from './avatars/clip/provider.js';
import { createLiveAvatarAvatars } from './avatars/liveavatar/provider.js';
import { createLivekitAvatars } from './avatars/livekit/provider.js';
import { createSimliAvatars } from './avatars/simli/provider.js';
import { createStandInAvatars } from './avatars/stand-in/provider.js';
import { createTavusAvatars } from './avatars/tavus/provider.js';
import { createWhipAvatars } from './avatars/whip/provider.js';
import { openLibrary } from './backgrounds/library.js';
import { refersToBlobs } from './backgrounds/repository.js';
import { registerBackgroundImageRoutes } from './backgrounds/routes.js';
import { seedStarterBackgrounds } from './backgrounds/starters.js';
import { openFilesystemBlobStore } from './blobs/filesystem/store.js';
import { registerStreamingSessionRoutes } from './compat/streaming-sessions.js';
import { type Config, ConfigError, loadConfig, type MessagingConfig } from './config.js';
import { createConversations } from './conversations/conversations.js';
import { inboundPath, registerInboundRoutes } from './conversations/inbound-routes.js';
import { registerConversationRoutes } from './conversations/routes.js';
import { openDataFolder } from './data-folder/data-folder.js';
import { openPgliteDatabase } from './database/pglite/pglite-database.js';
import { openPostgresDatabase } from './database/postgres/postgres-database.js';
import { toError } from './errors.js';
import { createApp } from './http/app.js';
import { createAuthentication, requireOrganization } from './http/authentication.js';
import { registerErrorPages } from './http/error-pages.js';
import { EventStreams } from './http/event-stream.js';
import type { App } from './http/context.js';
import { type HealthProbe, registerHealthRoutes } from './http/health.js';
import { idempotency } from './http/idempotency.js';
import { SafeFetcher } from './http/safe-fetch/safe-fetcher.js';
import { openHttpServer, StartupError } from './http/server.js';
import { StaticFiles } from './http/static-files.js';
import { registerIdentityRoutes } from './identity/routes.js';
import { createSealer } from './identity/sealer.js';
import { signText } from './identity/secrets.js';
import { createSessionTokens, type SessionTokens } from './identity/session-tokens.js';
import { IdentityService, loadInstallation } from './identity/service.js';
import { createUrlSigner } from './identity/url-signer.js';
import { createLog } from './logging.js';
import { createMediaHost } from './media/host.js';
import { findProgram } from './media/programs.js';
import { createClipInspector } from './media/sources/clip/inspector.js';
import { listVoices } from './media/sources/stand-in/speech/espeak.js';
import { createBlooioProvider } from './messaging/blooio/provider.js';
import { createBlueBubblesProvider } from './messaging/bluebubbles/provider.js';
import { createPhotonProvider } from './messaging/photon/provider.js';
import type { MessagingProvider } from './messaging/port.js';
import { registerSimulatorRoutes } from './messaging/simulator/routes.js';
import { openSimulator, type Simulator } from './messaging/simulator/simulator.js';
import { createSessionAuthorization } from './sessions/authorization.js';
import { registerSessionRoutes } from './sessions/routes.js';
import { SessionService } from './sessions/service.js';
import { registerTemplateRoutes } from './sessions/template-routes.js';
import { TemplateService } from './sessions/templates.js';
import { createEmbeddedAccess, createEmbeddedStage, registerWebrtcRoutes, type WebrtcRouteOptions } from './stage/embedded/index.js';
import { createLivekitAccess, LivekitStage } from './stage/livekit/index.js';
import type { Stage, StageAccess } from './stage/port.js';
import { WebhookDispatcher } from './webhooks/dispatcher.js';
import { registerWebhookRoutes } from './webhooks/routes.js';
import { WebhookService } from './webhooks/service.js';

/** Requests under way get so long to finish when the server stops. */
const DRAIN_MS = 10_000;
/** After that the process ends whatever still holds it. */
const HARD_STOP_MS = 25_000;

const builtFile = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };

const isAnyAddress = (host: string): boolean => host === '0.0.0.0' || host === '::';
const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || host.startsWith('127.');
const urlOf = (host: string, port: number): string => `http://${host.includes(':') ? `[${host}]` : host}:${port}`;

/** Connects to the configured iMessage provider. */
const createMessagingProvider = (config: Exclude<MessagingConfig, { provider: 'simulator' }>, log: Logger): MessagingProvider => {
  const { provider, url, secret, number: phoneNumber, webhookSecret } = config;
  const address = url === undefined ? {} : { baseUrl: url };
  switch (provider) {
    case 'blooio':
      return createBlooioProvider({ ...address, apiKey: secret, phoneNumber, webhookSecret, log });
    case 'photon':
      return createPhotonProvider({ ...address, apiKey: secret, phoneNumber, log });
    case 'bluebubbles':
      return createBlueBubblesProvider({ ...address, password: secret, phoneNumber, log });
  }
};

/** The messaging provider, and the phones behind it when they are simulated. */
interface Messaging extends AsyncDisposable {
  readonly provider: MessagingProvider;
  readonly simulator: Simulator | null;
}

const openMessaging = async ({ dataDir, messaging }: Config, log: Logger): Promise<Messaging> => {
  if (messaging.provider === 'simulator') {
    const simulator = await openSimulator({ folder: join(dataDir, 'simulator'), log });
    return { provider: simulator.provider, simulator, [Symbol.asyncDispose]: async () => simulator[Symbol.asyncDispose]() };
  }
  const provider = createMessagingProvider(messaging, log);
  return { provider, simulator: null, [Symbol.asyncDispose]: async () => provider[Symbol.asyncDispose]() };
};

/** The media engine: LiveKit where it is configured, else our own. */
interface OpenedStage {
  readonly stage: Stage;
  readonly access: StageAccess;
  /** Routes of the stage's own. */
  readonly registerStageRoutes: (app: App, authorize: WebrtcRouteOptions['authorize']) => void;
  readonly probes: readonly HealthProbe[];
}

const openStage = async (
  config: Config,
  parts: {
    readonly log: Logger;
    readonly tokens: SessionTokens;
    readonly installationId: string;
    readonly publicUrl: string;
    readonly localUrl: string;
    readonly httpPort: number;
  },
): Promise<OpenedStage> => {
  const { log, tokens, installationId, publicUrl, localUrl, httpPort } = parts;
  const { livekit } = config;
  if (livekit !== null) {
    const stage = new LivekitStage({ ...livekit, installationId, log });
    // It may come up later; sessions say so until then.
    stage.check().catch((thrown: unknown) => log.warn({ err: toError(thrown) }, 'LiveKit can not be used now'));
    return {
      stage,
      access: createLivekitAccess(livekit),
      registerStageRoutes: () => undefined,
      probes: [{ name: 'livekit', check: async () => stage.check(), optional: true }],
    };
  }
  const stage = await createEmbeddedStage({
    // Browsers offer their interfaces' addresses and never loopback, so media listens on all of them.
    host: isLoopback(config.host) ? undefined : config.host,
    udpPort: config.udpPort ?? httpPort,
    announcedAddress: config.publicAddress,
    limits: { maxViewers: config.maxViewers },
    log,
  });
  return {
    stage,
    access: createEmbeddedAccess({ publicUrl, localUrl, tokens }),
    registerStageRoutes: (app, authorize) => registerWebrtcRoutes(app, { stage, authorize }),
    probes: [],
  };
};

/** What the person at the terminal reads once Backlot is ready. */
interface Started {
  readonly consoleUrl: string;
  readonly apiUrl: string;
  readonly createdApiKey: string | null;
  readonly drain: () => Promise<void>;
}

/** Wires the parts and starts them, in the order in which they need each other; `drain` stops them the other way round. */
const start = async (config: Config, log: Logger): Promise<Started> => {
  const closers: (() => Promise<unknown>)[] = [];
  const opened = <Part extends AsyncDisposable>(part: Part): Part => {
    closers.push(async () => part[Symbol.asyncDispose]());
    return part;
  };
  let isDraining = false;
  const drain = async (): Promise<void> => {
    isDraining = true;
    for (const close of closers.reverse()) {
      await close().catch((thrown: unknown) => log.error({ err: toError(thrown) }, 'a part did not stop cleanly'));
    }
  };

  try {
    // The ground: nobody else on this data, nobody else on this port.
    opened(await openDataFolder(config.dataDir));
    const http = await openHttpServer({ host: config.host, port: config.port });
    const localUrl = urlOf(isAnyAddress(config.host) ? '127.0.0.1' : config.host, http.port);
    const publicUrl = config.publicUrl ?? localUrl;

    // What lasts: database, images, who is who.
    const database = opened(
      config.databaseUrl === undefined
        ? await openPgliteDatabase(join(config.dataDir, 'database'))
        : await openPostgresDatabase({ url: config.databaseUrl, log }),
    );
    const { installationId, secret } = await loadInstallation(database, new Date());
    const tokens = createSessionTokens(secret);
    const identity = new IdentityService(database);
    const bootstrap = await identity.bootstrap(config.apiKey);
    const sealer = createSealer(secret);
    const safeFetcher = new SafeFetcher({ allow: config.fetchAllow, nat64Prefixes: config.nat64Prefixes, log });
    // Opened before whatever publishes events, so that what that says when it stops is still sent.
    const dispatcher = opened(new WebhookDispatcher({ database, sealer, sender: safeFetcher, log }));
    const webhooks = new WebhookService({ database, sealer, sender: safeFetcher, wake: dispatcher.wake });
    const blobFolder = join(config.dataDir, 'blobs');
    const blobs = await openFilesystemBlobStore({ folder: blobFolder, installationId, expectsBlobs: await refersToBlobs(database.executor) });
    const library = opened(
      await openLibrary({
        database,
        blobs,
        blobFolder,
        scratchFolder: join(config.dataDir, 'scratch'),
        signer: createUrlSigner(secret),
        publicUrl,
        onPublished: dispatcher.wake,
        log,
      }),
    );
    if (bootstrap.isNew) await seedStarterBackgrounds(library.service, bootstrap.organizationId);

    // What is live: media, avatars, sessions.
    const { stage, access, registerStageRoutes, probes } = await openStage(config, { log, tokens, installationId, publicUrl, localUrl, httpPort: http.port });
    opened(stage);
    const media = opened(createMediaHost({ log, maxChildren: config.maxSessions }));
    const { searchPath } = config;
    const credentials = new AvatarCredentialService({ database, sealer });
    const vendors = { findApiKey: credentials.findApiKey.bind(credentials), log };
    const avatars = [
      createStandInAvatars({ media, findEspeak: () => findProgram('espeak-ng', searchPath), listVoices }),
      createClipAvatars({ media, clips: createClipInspector(searchPath), clipsDir: config.clipsDir }),
      createWhipAvatars({ media }),
      ...(stage.kind === 'livekit' ? [createLivekitAvatars(), createLiveAvatarAvatars(vendors), createTavusAvatars(vendors), createSimliAvatars(vendors)] : []),
    ];
    const templates = new TemplateService({ database, avatars, library: library.service });
    const eventStreams = new EventStreams();
    closers.push(async () => {
      eventStreams.closeAll();
      await http.close(DRAIN_MS);
    });
    const sessions = opened(
      new SessionService({
        database,
        stage,
        access,
        avatars,
        library: library.service,
        templates,
        fetcher: safeFetcher,
        tokens,
        publicUrl,
        maxSessions: config.maxSessions,
        onPublished: dispatcher.wake,
        log,
      }),
    );
    await sessions.recover();

    // Conversations: the first organization's, at its messaging provider.
    const { provider, simulator } = opened(await openMessaging(config, log));
    const conversations = opened(
      createConversations({
        database,
        provider,
        organizationId: bootstrap.organizationId,
        library,
        fetcher: safeFetcher,
        sealer,
        onPublished: dispatcher.wake,
        // Asking our own simulator costs nobody anything.
        chatsEveryMs: simulator === null ? undefined : 0,
        log,
      }),
    );
    const inboundSecret = signText(secret, 'messaging inbound', provider.name).toString('base64url');

    // What people and programs reach.
    const app = createApp({ log, version, publicUrl, livekitUrl: config.livekit?.url });
    const authenticate = createAuthentication({ authenticator: identity, publicUrl });
    const organizationOnly = requireOrganization(authenticate);
    const guard = every(organizationOnly, idempotency({ database }));
    const authorization = createSessionAuthorization({ sessions, tokens, authenticate });
    registerHealthRoutes(
      app,
      [
        { name: 'database', check: async () => refersToBlobs(database.executor) },
        { name: 'images', check: async () => blobs.exists('0'.repeat(64)) },
        ...probes,
      ],
      () => isDraining,
    );
    registerIdentityRoutes(app, { identity, requireOrganization: organizationOnly, publicUrl, version });
    registerBackgroundImageRoutes(app, { service: library.service, fetcher: safeFetcher, requireOrganization: guard });
    registerTemplateRoutes(app, { templates, guard });
    registerAvatarCredentialRoutes(app, { credentials, guard });
    registerSessionRoutes(app, { sessions, authorization, eventStreams, guard });
    registerWebhookRoutes(app, { webhooks, guard });
    registerConversationRoutes(app, { conversations: conversations.service, eventStreams, guard });
    registerInboundRoutes(app, { provider, secret: inboundSecret, listener: conversations.listener });
    if (simulator !== null) registerSimulatorRoutes(app, { simulator, eventStreams, guard });
    registerStreamingSessionRoutes(app, { sessions, usesLivekit: stage.kind === 'livekit', guard });
    registerStageRoutes(app, authorization.mayConnect);
    registerErrorPages(app);
    const files = new StaticFiles();
    app.get('/', (context) => context.redirect('/console/'));
    app.get('/console', (context) => context.redirect('/console/'));
    app.get('/console/*', files.folder({ folder: builtFile('console/dist/app'), prefix: '/console', fallback: 'index.html' }));
    app.get('/player/backlot-player.js', files.file(builtFile('player/bundle/page/backlot-player.js')));
    app.get('/player/software.js', files.file(builtFile('player/bundle/software/software.js')));
    app.get('/player/livekit.js', files.file(builtFile('player/bundle/livekit/livekit.js')));
    app.get('/player/keyer.wasm', files.file(builtFile('keyer/dist/wasm/keyer.wasm')));
    app.get('/player/:id', files.file(builtFile('player/bundle/page/player.html')));
    http.serve(app);
    library.reaper.start();
    dispatcher.start();
    // A provider outside reaches only an address that somebody has told us.
    const inboundBase = simulator === null ? config.publicUrl : localUrl;
    await conversations.start(inboundBase === undefined ? null : `${inboundBase}${inboundPath(provider.name, inboundSecret)}`);

    const signInToken = await identity.createSignInToken(bootstrap.organizationId);
    return { consoleUrl: `${publicUrl}/console/sign-in#token=${signInToken}`, apiUrl: `${publicUrl}/v1`, createdApiKey: bootstrap.createdApiKey, drain };
  } catch (error) {
    await drain();
    throw error;
  }
};

const say = (lines: readonly string[]): void => {
  process.stdout.write(`${lines.join('\n')}\n`);
};

const complain = (lines: readonly string[]): void => {
  process.stderr.write(`${lines.map((line) => `backlot: ${line}`).join('\n')}\n`);
};

/** Runs Backlot until it is told to stop. Ends the process: natives that encode video can't be trusted to let it go. */
const run = async (): Promise<void> => {
  const startedAtMs = performance.now();
  let config: Config;
  try {
    config = loadConfig(process.env, process.cwd());
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    complain(error.problems);
    process.exit(1);
  }
  const log = createLog(config.logLevel, pino.destination({ fd: 2, sync: true }));

  let started: Started;
  try {
    started = await start(config, log);
  } catch (thrown) {
    const error = toError(thrown);
    if (!(error instanceof StartupError)) log.fatal({ err: error }, 'start failed');
    complain([error.message]);
    process.exit(1);
  }

  let isStopping = false;
  const stop = (exitCode: number): void => {
    if (isStopping) process.exit(exitCode === 0 ? 130 : exitCode);
    isStopping = true;
    setTimeout(() => process.exit(1), HARD_STOP_MS).unref();
    void started.drain().then(() => process.exit(exitCode));
  };
  process.on('SIGTERM', () => stop(0));
  process.on('SIGINT', () => stop(0));
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (thrown: unknown) => {
      log.fatal({ err: toError(thrown) }, event);
      stop(1);
    });
  }

  say([
    '',
    `Backlot ${version} is ready (${((performance.now() - startedAtMs) / 1000).toFixed(1)} s).`,
    '',
    `  Console   ${started.consoleUrl}`,
    '            (signs in once, within 10 minutes; start again for a new link)',
    `  API       ${started.apiUrl}`,
    ...(started.createdApiKey === null ? [] : [`  API key   ${started.createdApiKey}`, '            (shown only now: keep it)']),
    `  Data      ${config.dataDir}`,
    '',
  ]);
};

await run();
