import { describe, expect, it } from 'vitest';
import { ConfigError, configTable, loadConfig } from './config.js';

const problemsOf = (env: Readonly<Record<string, string>>): readonly string[] => {
  try {
    loadConfig(env, '/srv/backlot');
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
};

describe('the settings', () => {
  it('have defaults for everything', () => {
    expect(loadConfig({}, '/srv/backlot')).toMatchObject({
      port: 8787,
      host: '127.0.0.1',
      publicUrl: undefined,
      dataDir: '/srv/backlot/.backlot',
      clipsDir: '/srv/backlot/.backlot/clips',
      apiKey: undefined,
      maxViewers: 100,
      livekit: null,
      compositorSessions: undefined,
      fetchAllow: [],
      nat64Prefixes: [],
      messaging: { provider: 'simulator' },
    });
  });

  it('name the messaging provider, its key and our number together', () => {
    const given = {
      BACKLOT_MESSAGING_PROVIDER: 'photon',
      BACKLOT_MESSAGING_URL: 'http://10.1.2.3:1234/',
      BACKLOT_MESSAGING_SECRET: 'key',
      BACKLOT_MESSAGING_NUMBER: '+12025550100',
    };
    expect(loadConfig(given, '/srv/backlot').messaging).toEqual({
      provider: 'photon',
      url: 'http://10.1.2.3:1234',
      secret: 'key',
      number: '+12025550100',
      webhookSecret: undefined,
    });
    expect(problemsOf({ BACKLOT_MESSAGING_PROVIDER: 'blooio' })).toEqual([
      'BACKLOT_MESSAGING_SECRET is not set, but must be when the provider is blooio.',
      'BACKLOT_MESSAGING_NUMBER is not set, but must be when the provider is blooio.',
    ]);
    expect(problemsOf({ BACKLOT_MESSAGING_SECRET: 'key' })).toEqual([
      'BACKLOT_MESSAGING_PROVIDER is not set, but must be blooio, photon or bluebubbles when another BACKLOT_MESSAGING_ variable is.',
    ]);
  });

  it("name LiveKit's server, its key and its secret together", () => {
    const given = { BACKLOT_LIVEKIT_URL: 'wss://live.example/', BACKLOT_LIVEKIT_API_KEY: 'key', BACKLOT_LIVEKIT_API_SECRET: 'secret' };
    expect(loadConfig(given, '/srv/backlot').livekit).toEqual({ url: 'wss://live.example', apiKey: 'key', apiSecret: 'secret' });
    expect(problemsOf({ BACKLOT_LIVEKIT_URL: 'wss://live.example' })).toEqual([
      'BACKLOT_LIVEKIT_API_KEY is not set, but must be when another BACKLOT_LIVEKIT_ variable is.',
      'BACKLOT_LIVEKIT_API_SECRET is not set, but must be when another BACKLOT_LIVEKIT_ variable is.',
    ]);
    expect(problemsOf({ ...given, BACKLOT_LIVEKIT_URL: 'https://live.example' })).toEqual([
      'BACKLOT_LIVEKIT_URL is "https://live.example", but must be a ws or wss address.',
    ]);
  });

  it('are read from the environment, and an empty variable counts as unset', () => {
    const config = loadConfig(
      {
        BACKLOT_PORT: '0',
        BACKLOT_HOST: '::',
        BACKLOT_UDP_PORT: '9000',
        BACKLOT_PUBLIC_URL: 'https://live.example/',
        BACKLOT_DATA_DIR: '/data',
        BACKLOT_CLIPS_DIR: 'clips',
        BACKLOT_API_KEY: 'x'.repeat(16),
        BACKLOT_FETCH_ALLOW: '10.1.0.0/16, 127.0.0.1:3000,[fd00::1]:8443',
        BACKLOT_NAT64_PREFIXES: '64:ff9b::/96',
        BACKLOT_LOG_LEVEL: '',
        UNRELATED: 'yes',
      },
      '/srv/backlot',
    );
    expect(config).toMatchObject({
      port: 0,
      host: '::',
      udpPort: 9000,
      publicUrl: 'https://live.example',
      dataDir: '/data',
      clipsDir: '/srv/backlot/clips',
      apiKey: 'x'.repeat(16),
      fetchAllow: [
        { cidr: '10.1.0.0/16', port: 443 },
        { cidr: '127.0.0.1', port: 3000 },
        { cidr: 'fd00::1', port: 8443 },
      ],
      nat64Prefixes: ['64:ff9b::/96'],
      logLevel: 'warn',
    });
  });

  it("can't be changed afterwards", () => {
    expect(Object.isFrozen(loadConfig({}, '/srv/backlot'))).toBe(true);
  });

  it('name every bad and every unknown variable at once, with what it must be', () => {
    const problems = problemsOf({
      BACKLOT_PORT: '70000',
      BACKLOT_HOST: 'my host',
      BACKLOT_UDP_PORT: 'many',
      BACKLOT_PUBLIC_URL: 'ftp://a',
      BACKLOT_PUBLIC_ADDRESS: 'home',
      BACKLOT_API_KEY: 'short-secret',
      BACKLOT_LOG_LEVEL: 'loud',
      BACKLOT_NAT64_PREFIXES: '10.0.0.0/8',
      BACKLOT_MAX_SESSIONS: '0',
      BACKLOT_MAX_VIEWERS: '-1',
      BACKLOT_PROT: '1',
    });
    expect(new Set(problems.map((problem) => problem.split(' ')[0]))).toEqual(
      new Set([
        'BACKLOT_API_KEY',
        'BACKLOT_HOST',
        'BACKLOT_LOG_LEVEL',
        'BACKLOT_MAX_SESSIONS',
        'BACKLOT_MAX_VIEWERS',
        'BACKLOT_NAT64_PREFIXES',
        'BACKLOT_PORT',
        'BACKLOT_PROT',
        'BACKLOT_PUBLIC_ADDRESS',
        'BACKLOT_PUBLIC_URL',
        'BACKLOT_UDP_PORT',
      ]),
    );
    expect(problems).toContain('BACKLOT_PORT is "70000", but must be a port number, 0 for any free one.');
    expect(problems).toContain('BACKLOT_PROT is not a variable of Backlot.');
    expect(problems.every((problem) => !problem.includes('\n'))).toBe(true);
  });

  it('never show a secret', () => {
    const problems = problemsOf({ BACKLOT_API_KEY: 'short-secret', BACKLOT_DATABASE_URL: 'mysql://user:short-secret@host/name' });
    expect(problems).toHaveLength(2);
    expect(problems.join()).not.toContain('short-secret');
  });

  it.each(['8787.5', '0x50', '1e3', ' ', '-1', '8787abc', 'NaN'])('refuse %j as a port', (port) => {
    expect(problemsOf({ BACKLOT_PORT: port })).toHaveLength(1);
  });

  it.each(['cdn.internal', '10.0.0.0/8,,nonsense', '169.254.169.254', '169.254.0.0/16:80', 'fe80::1', '168.63.129.16', '10.0.0.1:0'])(
    'do not let %j in',
    (entry) => {
      expect(problemsOf({ BACKLOT_FETCH_ALLOW: entry })).toHaveLength(1);
    },
  );

  it('are all in the table for the documentation', () => {
    expect(configTable().map(({ name }) => name)).toContain('BACKLOT_PORT');
    expect(configTable().every(({ purpose, fallback }) => purpose !== '' && fallback !== '')).toBe(true);
  });
});
