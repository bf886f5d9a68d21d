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
    });
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

  it('are all in the table for the documentation', () => {
    expect(configTable().map(({ name }) => name)).toContain('BACKLOT_PORT');
    expect(configTable().every(({ purpose, fallback }) => purpose !== '' && fallback !== '')).toBe(true);
  });
});
