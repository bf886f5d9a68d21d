import { resolve } from 'node:path';
import { z } from 'zod';
import { type AllowedNetwork, readAllowedNetwork } from './http/safe-fetch/address-policy.js';
import { readNat64Prefix } from './http/safe-fetch/public-address.js';

/** A whole number in decimal digits, and nothing else that `Number` would take. */
const wholeNumber = z
  .string()
  .regex(/^\d{1,9}$/)
  .transform(Number);
const port = wholeNumber.pipe(z.number().max(65_535));

/** Values between commas; what can't be read fails the whole list. */
const listOf = <Entry extends object | string>(read: (text: string) => Entry | null) =>
  z
    .string()
    .default('')
    .transform((text, context): readonly Entry[] => {
      const texts = text
        .split(',')
        .map((entry) => entry.trim())
        .filter((entry) => entry !== '');
      const entries = texts.flatMap((entry) => read(entry) ?? []);
      if (entries.length < texts.length) context.addIssue({ code: 'custom', message: 'an entry is not valid' });
      return entries;
    });

/** One variable of the environment: how it reads and what it is for. */
interface Variable<Schema extends z.ZodType> {
  readonly schema: Schema;
  /** What a value must be, for people. */
  readonly expects: string;
  readonly purpose: string;
  /** What holds without it, for people. */
  readonly fallback: string;
  readonly secret?: true;
}

const variable = <Schema extends z.ZodType>(facts: Variable<Schema>): Variable<Schema> => facts;

const VARIABLES = {
  BACKLOT_PORT: variable({
    schema: port.default(8787),
    expects: 'a port number, 0 for any free one',
    purpose: 'HTTP: API, console and player.',
    fallback: '8787',
  }),
  BACKLOT_HOST: variable({
    schema: z.union([z.ipv4(), z.ipv6(), z.literal('localhost')]).default('127.0.0.1'),
    expects: 'an IP address of this machine, 0.0.0.0 for all',
    purpose: "Address that HTTP listens on. Media listens there, too, but on all addresses when it is loopback: browsers don't offer loopback to peers.",
    fallback: '127.0.0.1',
  }),
  BACKLOT_UDP_PORT: variable({
    schema: port.optional(),
    expects: 'a port number, 0 for any free one',
    purpose: 'Media (WebRTC), one UDP port for everybody.',
    fallback: 'the number of the HTTP port',
  }),
  BACKLOT_PUBLIC_URL: variable({
    schema: z
      .url({ protocol: /^https?$/ })
      .transform((url) => url.replace(/\/+$/, ''))
      .optional(),
    expects: 'an http or https address',
    purpose: 'Address that browsers reach Backlot at; set it behind a proxy.',
    fallback: 'host and port',
  }),
  BACKLOT_PUBLIC_ADDRESS: variable({
    schema: z.union([z.ipv4(), z.ipv6()]).optional(),
    expects: 'an IP address',
    purpose: "Address announced to WebRTC peers, when it is not one of the machine's own (NAT, containers).",
    fallback: "the machine's addresses",
  }),
  BACKLOT_DATA_DIR: variable({
    schema: z.string().min(1).default('.backlot'),
    expects: 'a folder',
    purpose: 'Database and images.',
    fallback: '.backlot',
  }),
  BACKLOT_CLIPS_DIR: variable({
    schema: z.string().min(1).optional(),
    expects: 'a folder',
    purpose: 'Green-screen video files for the avatar `clip`.',
    fallback: '`clips` in the data folder',
  }),
  BACKLOT_DATABASE_URL: variable({
    schema: z.url({ protocol: /^postgres(?:ql)?$/ }).optional(),
    expects: 'an address such as postgres://user:password@host/database',
    purpose: 'PostgreSQL 15 or newer, instead of the embedded database.',
    fallback: 'the embedded database in the data folder',
    secret: true,
  }),
  BACKLOT_API_KEY: variable({
    schema: z
      .string()
      .regex(/^[\x21-\x7e]{16,200}$/)
      .optional(),
    expects: '16 to 200 visible characters',
    purpose: "Sets the first organization's API key, for containers and scripts.",
    fallback: 'one is made and shown once',
    secret: true,
  }),
  BACKLOT_MAX_SESSIONS: variable({
    schema: wholeNumber.pipe(z.number().min(1).max(1000)).default(32),
    expects: 'a number from 1 to 1000',
    purpose: 'Sessions on air at once.',
    fallback: '32',
  }),
  BACKLOT_MAX_VIEWERS: variable({
    schema: wholeNumber.pipe(z.number().min(1).max(1000)).default(100),
    expects: 'a number from 1 to 1000',
    purpose: 'Viewers of one session.',
    fallback: '100',
  }),
  BACKLOT_LIVEKIT_URL: variable({
    schema: z
      .url({ protocol: /^wss?$/ })
      .transform((url) => url.replace(/\/+$/, ''))
      .optional(),
    expects: 'a ws or wss address',
    purpose: 'A LiveKit server that carries sessions, as viewers reach it; its key and secret belong to it.',
    fallback: 'the embedded stage',
  }),
  BACKLOT_LIVEKIT_API_KEY: variable({
    schema: z.string().min(1).max(1000).optional(),
    expects: 'at most 1000 characters',
    purpose: "LiveKit's API key.",
    fallback: 'none; needed with `BACKLOT_LIVEKIT_URL`',
  }),
  BACKLOT_LIVEKIT_API_SECRET: variable({
    schema: z.string().min(1).max(1000).optional(),
    expects: 'at most 1000 characters',
    purpose: "LiveKit's API secret.",
    fallback: 'none; needed with `BACKLOT_LIVEKIT_URL`',
    secret: true,
  }),
  BACKLOT_COMPOSITOR_SESSIONS: variable({
    schema: wholeNumber.pipe(z.number().min(1).max(1000)).optional(),
    expects: 'a number from 1 to 1000',
    purpose: 'Sessions that one `backlot compositor` composes at once.',
    fallback: 'one for each core',
  }),
  BACKLOT_FETCH_ALLOW: variable({
    schema: listOf(readAllowedNetwork),
    expects: 'addresses or networks with a port, such as 10.1.0.0/16, 127.0.0.1:3000 or [fd00::1]:8443, between commas; link-local and metadata stay shut',
    purpose:
      "Private addresses that images are fetched from and webhooks are sent to, such as `10.1.0.0/16` or `127.0.0.1:3000`, between commas. Without a port it is 443. Webhooks go there by `http`, too; images don't.",
    fallback: 'none',
  }),
  BACKLOT_NAT64_PREFIXES: variable({
    schema: listOf((text) => (readNat64Prefix(text) === null ? null : text)),
    expects: 'IPv6 networks such as 64:ff9b::/96, of 32, 40, 48, 56, 64 or 96 bits, between commas',
    purpose: 'Where the network has IPv6 only: prefixes of its NAT64, such as `64:ff9b::/96`, so that images are fetched through it.',
    fallback: 'none',
  }),
  BACKLOT_MESSAGING_PROVIDER: variable({
    schema: z.enum(['simulator', 'blooio', 'photon', 'bluebubbles']).default('simulator'),
    expects: 'simulator, blooio, photon or bluebubbles',
    purpose: 'Who carries conversations: a simulated phone in the console, or an iMessage provider.',
    fallback: 'simulator',
  }),
  BACKLOT_MESSAGING_URL: variable({
    schema: z
      .url({ protocol: /^https?$/ })
      .transform((url) => url.replace(/\/+$/, ''))
      .optional(),
    expects: 'an http or https address',
    purpose: "The provider's API.",
    fallback: "Blooio's address, or port 1234 of this machine for Photon and BlueBubbles",
  }),
  BACKLOT_MESSAGING_SECRET: variable({
    schema: z.string().min(1).max(1000).optional(),
    expects: 'at most 1000 characters',
    purpose: "The provider's API key or password.",
    fallback: 'none; needed unless the simulator is the provider',
    secret: true,
  }),
  BACKLOT_MESSAGING_NUMBER: variable({
    schema: z
      .string()
      .regex(/^(?:\+[1-9]\d{6,14}|[^\s@]{1,64}@[^\s@]{1,189})$/)
      .optional(),
    expects: 'a number such as +12025550100, or an e-mail address',
    purpose: 'Our own number or address at the provider.',
    fallback: 'none; needed unless the simulator is the provider',
  }),
  BACKLOT_MESSAGING_WEBHOOK_SECRET: variable({
    schema: z.string().min(1).max(1000).optional(),
    expects: 'at most 1000 characters',
    purpose: "Blooio's signing secret of a webhook that was registered by hand.",
    fallback: 'Backlot registers a webhook of its own, if `BACKLOT_PUBLIC_URL` tells its address',
    secret: true,
  }),
  BACKLOT_LOG_LEVEL: variable({
    schema: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('warn'),
    expects: 'debug, info, warn, error or silent',
    purpose: 'What is logged to standard error, as JSON lines.',
    fallback: 'warn',
  }),
} as const;

/** Which messaging provider, and how to reach it. */
export type MessagingConfig =
  | { readonly provider: 'simulator' }
  | {
      readonly provider: 'blooio' | 'photon' | 'bluebubbles';
      /** Undefined: the adapter's own. Without a slash at the end. */
      readonly url: string | undefined;
      readonly secret: string;
      readonly number: string;
      readonly webhookSecret: string | undefined;
    };

/** A LiveKit server and the key to it. */
export interface LivekitConfig {
  /** `ws://…` or `wss://…`, without a slash at the end. */
  readonly url: string;
  readonly apiKey: string;
  readonly apiSecret: string;
}

/** Backlot's settings, read once. */
export interface Config {
  readonly port: number;
  readonly host: string;
  /** Undefined: the number of the HTTP port. */
  readonly udpPort: number | undefined;
  /** Without a slash at the end; undefined: host and port. */
  readonly publicUrl: string | undefined;
  readonly publicAddress: string | undefined;
  /** Absolute. */
  readonly dataDir: string;
  /** Absolute. */
  readonly clipsDir: string;
  /** Undefined: the embedded database. */
  readonly databaseUrl: string | undefined;
  readonly apiKey: string | undefined;
  readonly maxSessions: number;
  readonly maxViewers: number;
  /** Null: the embedded stage. */
  readonly livekit: LivekitConfig | null;
  /** Undefined: one for each core. */
  readonly compositorSessions: number | undefined;
  /** What requests to strangers' addresses may reach besides the public internet. */
  readonly fetchAllow: readonly AllowedNetwork[];
  readonly nat64Prefixes: readonly string[];
  readonly messaging: MessagingConfig;
  /** Where programs such as ffmpeg are looked up: the environment's `PATH`. */
  readonly searchPath: string;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
}

/** Every bad variable at once, a line each. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/** Rows of the documentation's table. */
export const configTable = (): readonly { readonly name: string; readonly fallback: string; readonly purpose: string }[] =>
  Object.entries(VARIABLES).map(([name, { fallback, purpose }]) => ({ name, fallback, purpose }));

interface MessagingValues {
  readonly provider: 'simulator' | 'blooio' | 'photon' | 'bluebubbles' | undefined;
  readonly url: string | undefined;
  readonly secret: string | undefined;
  readonly number: string | undefined;
  readonly webhookSecret: string | undefined;
}

/** A provider needs its key and our number; the simulator takes nothing, so that nobody believes a key of theirs is in use. */
const readMessaging = ({ provider, ...values }: MessagingValues, problems: string[]): MessagingConfig | undefined => {
  if (provider === undefined) return undefined;
  if (provider === 'simulator') {
    const isReached = Object.values(values).some((value) => value !== undefined);
    if (isReached)
      problems.push('BACKLOT_MESSAGING_PROVIDER is not set, but must be blooio, photon or bluebubbles when another BACKLOT_MESSAGING_ variable is.');
    return { provider };
  }
  const { secret, number } = values;
  if (secret === undefined) problems.push(`BACKLOT_MESSAGING_SECRET is not set, but must be when the provider is ${provider}.`);
  if (number === undefined) problems.push(`BACKLOT_MESSAGING_NUMBER is not set, but must be when the provider is ${provider}.`);
  return secret === undefined || number === undefined ? undefined : { provider, ...values, secret, number };
};

/** All three, or none. */
const readLivekit = ({ url, apiKey, apiSecret }: { readonly [Name in keyof LivekitConfig]: string | undefined }, problems: string[]): LivekitConfig | null => {
  if (url !== undefined && apiKey !== undefined && apiSecret !== undefined) return { url, apiKey, apiSecret };
  if (url === undefined && apiKey === undefined && apiSecret === undefined) return null;
  if (url === undefined) problems.push('BACKLOT_LIVEKIT_URL is not set, but must be when another BACKLOT_LIVEKIT_ variable is.');
  if (apiKey === undefined) problems.push('BACKLOT_LIVEKIT_API_KEY is not set, but must be when another BACKLOT_LIVEKIT_ variable is.');
  if (apiSecret === undefined) problems.push('BACKLOT_LIVEKIT_API_SECRET is not set, but must be when another BACKLOT_LIVEKIT_ variable is.');
  return null;
};

/**
 * Reads the settings from the environment. An empty variable counts as unset.
 *
 * @throws ConfigError naming every bad or unknown `BACKLOT_` variable
 */
export const loadConfig = (env: Readonly<Record<string, string | undefined>>, workingDir: string): Config => {
  const problems: string[] = [];
  const read = <Schema extends z.ZodType>(name: string, { schema, expects, secret }: Variable<Schema>): z.output<Schema> | undefined => {
    const value = env[name] === '' ? undefined : env[name];
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    problems.push(`${name} is ${secret === true ? '(hidden)' : JSON.stringify(value)}, but must be ${expects}.`);
    return undefined;
  };
  for (const name of Object.keys(env)) {
    if (name.startsWith('BACKLOT_') && !Object.hasOwn(VARIABLES, name)) problems.push(`${name} is not a variable of Backlot.`);
  }
  const values = {
    port: read('BACKLOT_PORT', VARIABLES.BACKLOT_PORT),
    host: read('BACKLOT_HOST', VARIABLES.BACKLOT_HOST),
    udpPort: read('BACKLOT_UDP_PORT', VARIABLES.BACKLOT_UDP_PORT),
    publicUrl: read('BACKLOT_PUBLIC_URL', VARIABLES.BACKLOT_PUBLIC_URL),
    publicAddress: read('BACKLOT_PUBLIC_ADDRESS', VARIABLES.BACKLOT_PUBLIC_ADDRESS),
    dataDir: read('BACKLOT_DATA_DIR', VARIABLES.BACKLOT_DATA_DIR),
    clipsDir: read('BACKLOT_CLIPS_DIR', VARIABLES.BACKLOT_CLIPS_DIR),
    databaseUrl: read('BACKLOT_DATABASE_URL', VARIABLES.BACKLOT_DATABASE_URL),
    apiKey: read('BACKLOT_API_KEY', VARIABLES.BACKLOT_API_KEY),
    maxSessions: read('BACKLOT_MAX_SESSIONS', VARIABLES.BACKLOT_MAX_SESSIONS),
    maxViewers: read('BACKLOT_MAX_VIEWERS', VARIABLES.BACKLOT_MAX_VIEWERS),
    compositorSessions: read('BACKLOT_COMPOSITOR_SESSIONS', VARIABLES.BACKLOT_COMPOSITOR_SESSIONS),
    fetchAllow: read('BACKLOT_FETCH_ALLOW', VARIABLES.BACKLOT_FETCH_ALLOW),
    nat64Prefixes: read('BACKLOT_NAT64_PREFIXES', VARIABLES.BACKLOT_NAT64_PREFIXES),
    logLevel: read('BACKLOT_LOG_LEVEL', VARIABLES.BACKLOT_LOG_LEVEL),
  };
  const invalidBefore = problems.length;
  const livekitValues = {
    url: read('BACKLOT_LIVEKIT_URL', VARIABLES.BACKLOT_LIVEKIT_URL),
    apiKey: read('BACKLOT_LIVEKIT_API_KEY', VARIABLES.BACKLOT_LIVEKIT_API_KEY),
    apiSecret: read('BACKLOT_LIVEKIT_API_SECRET', VARIABLES.BACKLOT_LIVEKIT_API_SECRET),
  };
  // One that is there but can't be read is not missing.
  const livekit = problems.length > invalidBefore ? null : readLivekit(livekitValues, problems);
  const messaging = readMessaging(
    {
      provider: read('BACKLOT_MESSAGING_PROVIDER', VARIABLES.BACKLOT_MESSAGING_PROVIDER),
      url: read('BACKLOT_MESSAGING_URL', VARIABLES.BACKLOT_MESSAGING_URL),
      secret: read('BACKLOT_MESSAGING_SECRET', VARIABLES.BACKLOT_MESSAGING_SECRET),
      number: read('BACKLOT_MESSAGING_NUMBER', VARIABLES.BACKLOT_MESSAGING_NUMBER),
      webhookSecret: read('BACKLOT_MESSAGING_WEBHOOK_SECRET', VARIABLES.BACKLOT_MESSAGING_WEBHOOK_SECRET),
    },
    problems,
  );
  const { port: httpPort, host, dataDir, maxSessions, maxViewers, fetchAllow, nat64Prefixes, logLevel } = values;
  if (
    problems.length > 0 ||
    httpPort === undefined ||
    host === undefined ||
    dataDir === undefined ||
    maxSessions === undefined ||
    maxViewers === undefined ||
    fetchAllow === undefined ||
    nat64Prefixes === undefined ||
    messaging === undefined ||
    logLevel === undefined
  ) {
    throw new ConfigError(problems);
  }
  const absoluteDataDir = resolve(workingDir, dataDir);
  return Object.freeze({
    port: httpPort,
    host,
    udpPort: values.udpPort,
    publicUrl: values.publicUrl,
    publicAddress: values.publicAddress,
    dataDir: absoluteDataDir,
    clipsDir: values.clipsDir === undefined ? resolve(absoluteDataDir, 'clips') : resolve(workingDir, values.clipsDir),
    databaseUrl: values.databaseUrl,
    apiKey: values.apiKey,
    maxSessions,
    maxViewers,
    livekit,
    compositorSessions: values.compositorSessions,
    fetchAllow,
    nat64Prefixes,
    messaging,
    searchPath: env['PATH'] ?? '',
    logLevel,
  });
};
