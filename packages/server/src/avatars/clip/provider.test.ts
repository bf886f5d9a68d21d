import { hasFfmpeg, hasSharedData, sharedData } from '@backlot/testing';
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createMediaHost } from '../../media/host.js';
import { createClipInspector } from '../../media/sources/clip/inspector.js';
import { describeAvatarProvider } from '../port.contract.js';
import { createClipAvatars } from './provider.js';

const FILM = 'clips/webav-talking-man-480x512.mp4';

describe.skipIf(!hasFfmpeg() || !hasSharedData)('clips as avatars', () => {
  let folder: string;
  let clipsDir: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'backlot-avatars-'));
    clipsDir = join(folder, 'clips');
    await mkdir(join(clipsDir, 'folder.mp4'), { recursive: true });
    await copyFile(sharedData(FILM), join(clipsDir, 'Talking man #1.MP4'));
    await symlink(sharedData(FILM), join(clipsDir, 'linked.mp4'));
    await symlink(join(folder, 'nowhere.mp4'), join(clipsDir, 'dangling.mp4'));
    await copyFile(sharedData(FILM), join(folder, 'outside.mp4'));
    await copyFile(sharedData(FILM), join(clipsDir, '.hidden.mp4'));
    await writeFile(join(clipsDir, 'notes.txt'), 'notes');
    await writeFile(join(clipsDir, 'broken.mp4'), 'no video');
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  const open = async (searchPath = process.env['PATH'] ?? '', dir = clipsDir) => {
    const media = createMediaHost({ log: pino({ level: 'silent' }), spare: 0 });
    return {
      provider: createClipAvatars({ media, clips: createClipInspector(searchPath), clipsDir: dir }),
      [Symbol.asyncDispose]: () => media[Symbol.asyncDispose](),
    };
  };
  const clip = (name: string) => ({ provider: 'clip', clip: name }) as const;

  test('lists video files and links to them by name, and nothing else', async () => {
    await using opened = await open();
    expect((await opened.provider.options('org_1')).map(({ title }) => title)).toEqual(['broken.mp4', 'linked.mp4', 'Talking man #1.MP4']);
  });

  test('a missing folder is an empty one', async () => {
    await using opened = await open(undefined, join(folder, 'nowhere'));
    expect(await opened.provider.options('org_1')).toEqual([]);
    await expect(opened.provider.check(clip('linked.mp4'), undefined, 'org_1')).rejects.toMatchObject({ code: 'clip_not_found' });
  });

  test('without ffmpeg clips are listed as unavailable, with what to do, and refused by their code', async () => {
    await using opened = await open(folder);
    const options = await opened.provider.options('org_1');
    expect(options).toHaveLength(3);
    for (const option of options) {
      expect(option.available).toBe(false);
      expect(option.unavailable_reason).toContain('apt-get install ffmpeg');
    }
    await expect(opened.provider.check(clip('linked.mp4'), undefined, 'org_1')).rejects.toMatchObject({ code: 'ffmpeg_missing' });
  });

  describe('with every kind of name', () => {
    const names = [
      'missing.mp4',
      '../outside.mp4',
      'folder.mp4',
      'folder.mp4/../linked.mp4',
      'dangling.mp4',
      '.hidden.mp4',
      'notes.txt',
      '/etc/passwd',
      'linked.mp4\0',
      '..',
      '..\\outside.mp4',
    ];
    test.each(names)('%j is no clip', async (name) => {
      await using opened = await open();
      await expect(opened.provider.check(clip(name), undefined, 'org_1')).rejects.toMatchObject({ code: 'clip_not_found' });
    });
  });
});

describe.skipIf(!hasFfmpeg() || !hasSharedData)('a clip', () => {
  describeAvatarProvider('clip', {
    open: async () => {
      const folder = await mkdtemp(join(tmpdir(), 'backlot-avatars-'));
      await symlink(sharedData(FILM), join(folder, 'talking.mp4'));
      const media = createMediaHost({ log: pino({ level: 'silent' }), spare: 0 });
      await writeFile(join(folder, 'broken.txt.mp4.bak'), 'not a clip');
      return {
        provider: createClipAvatars({ media, clips: createClipInspector(process.env['PATH'] ?? ''), clipsDir: folder }),
        [Symbol.asyncDispose]: async () => {
          await media[Symbol.asyncDispose]();
          await rm(folder, { recursive: true, force: true });
        },
      };
    },
    publishes: true,
    speaks: false,
    avatar: { provider: 'clip', clip: 'talking.mp4' },
    refused: [
      { name: 'an unknown clip', avatar: { provider: 'clip', clip: 'unknown.mp4' }, code: 'clip_not_found' },
      { name: 'a file that is no clip', avatar: { provider: 'clip', clip: 'broken.txt.mp4.bak' }, code: 'clip_not_found' },
      { name: 'a voice', avatar: { provider: 'clip', clip: 'talking.mp4' }, voiceId: 'en-us', code: 'invalid_request' },
    ],
  });

  test('that holds no video is unreadable', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'backlot-avatars-'));
    await writeFile(join(folder, 'broken.mp4'), 'no video');
    await using media = createMediaHost({ log: pino({ level: 'silent' }), spare: 0 });
    const provider = createClipAvatars({ media, clips: createClipInspector(process.env['PATH'] ?? ''), clipsDir: folder });
    await expect(provider.check({ provider: 'clip', clip: 'broken.mp4' }, undefined, 'org_1')).rejects.toMatchObject({ code: 'clip_unreadable' });
    await rm(folder, { recursive: true, force: true });
  });
});
