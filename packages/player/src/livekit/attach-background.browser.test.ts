import { fileURLToPath } from 'node:url';
import { findLivekitServer, hasChromium, hasSharedData, launchChromium, type LivekitServer, OLDEST_REACT, startLivekit } from '@backlot/testing';
import type * as Livekit from 'livekit-client';
import type { Browser, Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SessionServer } from '../session-server.testing.js';
import type { AttachmentStatus, attachBackground, BackgroundAttachment } from './attach-background.js';
import type { mount } from './react-page.testing.js';
import { AVATAR, CLIENT_SCRIPT, PROGRAM, Publisher, readClientScript, SessionRoom } from './room.testing.js';

interface TestWindow extends Window {
  LivekitClient: typeof Livekit;
  backlot: { attachBackground: typeof attachBackground; mount: typeof mount; version: string };
  room: Livekit.Room;
  attachment: BackgroundAttachment;
  statuses: AttachmentStatus[];
  setReact(background: Parameters<BackgroundAttachment['setBackground']>[0] | undefined): void;
  unmount(): void;
}
declare const window: TestWindow;

const CLIP = '/data/clips/webav-talking-man-480x512.mp4';
const PHOTO = '/data/backgrounds/photos/saxon-switzerland-539418_1280.jpg';
/** Share of pixels that a codec may make greenish where nothing is. */
const NOISE = 0.001;
const BLUE = [0x20, 0x40, 0xc0];
/** The colour of the page itself. */
const PAGE = [255, 0, 255];

/** What a page with a UI of its own has bundled: this package's parts for it, and React. */
const buildPage = async (react: Readonly<Record<string, string>> = {}): Promise<string> => {
  const result = await build({
    configFile: false,
    logLevel: 'error',
    define: { 'process.env.NODE_ENV': '"development"' },
    resolve: {
      alias: [
        ...Object.entries(react).map(([name, folder]) => ({ find: new RegExp(`^${name}(?=/|$)`), replacement: folder })),
        { find: /^@backlot\/keyer\/(webgl|software)$/, replacement: fileURLToPath(new URL('../../../keyer/src/$1/index.ts', import.meta.url)) },
      ],
    },
    build: {
      write: false,
      minify: false,
      lib: { entry: fileURLToPath(new URL('react-page.testing.ts', import.meta.url)), formats: ['iife'], name: 'backlot', fileName: () => 'page.js' },
    },
  });
  const [first] = Array.isArray(result) ? result : [result];
  if (first === undefined || !('output' in first)) throw new Error('The page was not built.');
  return first.output[0].code;
};

describe.skipIf(!hasChromium || !hasSharedData || findLivekitServer() === undefined)('attachBackground', () => {
  let browser: Browser;
  let livekit: LivekitServer;
  let server: SessionServer;
  let avatar: Publisher;
  let page: Page;
  let room: SessionRoom;

  beforeAll(async () => {
    [browser, livekit, server] = await Promise.all([launchChromium(), startLivekit(), SessionServer.start()]);
    server.scripts.set(CLIENT_SCRIPT, await readClientScript());
    server.scripts.set('/own-page.js', await buildPage());
    avatar = await Publisher.open(browser, server, { clip: CLIP, width: 480, height: 512 });
  });
  afterAll(async () => {
    await browser.close();
    await server[Symbol.asyncDispose]();
    await livekit[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    room = await SessionRoom.create(livekit);
    page = await browser.newPage({ viewport: { width: 700, height: 500 } });
    await page.goto(`${server.origin}/page`);
  });
  afterEach(async () => {
    await page.close();
    await avatar.leave().catch(() => undefined);
  });

  /** Joins as a page does that knows nothing of Backlot, and lays out what it has. */
  const join = async (adaptiveStream: boolean, html: string) => {
    const connection = await room.join('somebody', '1h', { canPublish: false });
    await page.evaluate(
      async ({ url, token, isAdaptive, body }) => {
        document.body.innerHTML = body;
        document.body.style.background = '#ff00ff';
        window.statuses = [];
        window.room = new window.LivekitClient.Room({ adaptiveStream: isAdaptive });
        await window.room.connect(url, token);
      },
      { url: connection.url, token: connection.token, isAdaptive: adaptiveStream, body: html },
    );
  };
  const CANVAS = '<p>A page</p><canvas id="stage" width="640" height="360" style="width: 640px"></canvas>';
  const attach = (options: Record<string, unknown> = {}) =>
    page.evaluate((given) => {
      const canvas = document.querySelector('canvas');
      if (canvas === null) throw new Error('no canvas');
      window.attachment = window.backlot.attachBackground(window.room, { canvas, onStatus: (status) => void window.statuses.push(status), ...given });
    }, options);
  const untilFrames = async (count: number) => {
    const drawn = await page.evaluate(() => window.attachment.stats.framesDrawn);
    await page.waitForFunction((wanted) => window.attachment.stats.framesDrawn >= wanted, drawn + count, { timeout: 30_000 });
  };
  const untilStatus = (status: AttachmentStatus) => page.waitForFunction((wanted) => window.attachment.status === wanted, status, { timeout: 30_000 });
  /** What a person sees where the first canvas is, as 640 × 360: the share that is green, and colours where background and person are. */
  const look = async () => {
    const png = await page.locator('canvas').first().screenshot();
    return page.evaluate(async (data) => {
      const bitmap = await createImageBitmap(await (await fetch(`data:image/png;base64,${data}`)).blob());
      const context = new OffscreenCanvas(640, 360).getContext('2d');
      if (context === null) throw new Error('no canvas');
      context.drawImage(bitmap, 0, 0, 640, 360);
      const pixels = context.getImageData(0, 0, 640, 360).data;
      let green = 0;
      for (let i = 0; i < pixels.length; i += 4) if ((pixels[i + 1] ?? 0) - Math.max(pixels[i] ?? 0, pixels[i + 2] ?? 0) > 40) green++;
      const at = (x: number, y: number) => Array.from(pixels.slice(4 * (y * 640 + x), 4 * (y * 640 + x) + 3));
      return { greenShare: (4 * green) / pixels.length, corner: at(20, 20), face: at(320, 150) };
    }, png.toString('base64'));
  };
  const untilCorner = (color: readonly number[]) => expect.poll(async () => (await look()).corner, { timeout: 15_000 }).toEqual(color);

  it('keys the avatar of the room’s session over its background, follows both, and leaves no trace', async () => {
    await join(false, CANVAS);
    await attach();
    await avatar.join(room, AVATAR);
    await untilStatus('playing');
    await untilFrames(10);
    const { corner, greenShare, face } = await look();
    expect(corner).toEqual(BLUE);
    expect(greenShare).toBeLessThan(NOISE);
    expect(face[0]).toBeGreaterThan(face[2] ?? 0);
    await room.setBackground({ color: '#604020' });
    await untilCorner([0x60, 0x40, 0x20]);
    await avatar.replace();
    await untilFrames(10);
    await avatar.setMuted(true);
    await untilStatus('paused');
    const paused = await look();
    expect(paused.face[0]).toBeGreaterThan(paused.face[2] ?? 0);
    // Swaps go on meanwhile.
    await room.setBackground({ color: '#2040c0' });
    await untilCorner(BLUE);
    await avatar.setMuted(false);
    await untilFrames(5);
    await avatar.leave();
    await untilStatus('waiting');
    expect(await page.evaluate(() => window.statuses)).toEqual(expect.arrayContaining(['playing', 'paused', 'waiting']));
    await page.evaluate(() => {
      window.attachment.dispose();
      window.attachment.dispose();
    });
    expect(await page.evaluate(() => [document.querySelectorAll('video').length, window.room.state])).toEqual([0, 'connected']);
  });

  it('takes backgrounds of the caller: a colour, an image by address or bitmap, none, and the room’s again', async () => {
    await join(false, CANVAS);
    await avatar.join(room, AVATAR);
    await attach({ background: { color: '#808080' } });
    await untilFrames(5);
    await untilCorner([0x80, 0x80, 0x80]);
    // The room's changes are not asked for.
    await room.setBackground({ color: '#604020' });
    await page.evaluate((image) => window.attachment.setBackground({ image }, 0), PHOTO);
    await untilFrames(3);
    const photo = (await look()).corner;
    expect([
      [0x80, 0x80, 0x80],
      [0x60, 0x40, 0x20],
    ]).not.toContainEqual(photo);
    await expect(page.evaluate(() => window.attachment.setBackground({ image: '/data/backgrounds/photos/none.jpg' }))).rejects.toThrow('be loaded');
    expect((await look()).corner).toEqual(photo);
    const isOpen = await page.evaluate(async () => {
      const context = new OffscreenCanvas(64, 36).getContext('2d');
      if (context === null) throw new Error('no canvas');
      context.fillStyle = '#ff0000';
      context.fillRect(0, 0, 64, 36);
      const image = await createImageBitmap(context.canvas);
      await window.attachment.setBackground({ image }, 0);
      await window.attachment.setBackground({ image }, 0);
      return image.width === 64;
    });
    expect(isOpen).toBe(true);
    await untilCorner([255, 0, 0]);
    await page.evaluate(() => window.attachment.setBackground('none', 0));
    await untilCorner(PAGE);
    await page.evaluate(() => window.attachment.setBackground('room', 0));
    await untilCorner([0x60, 0x40, 0x20]);
  });

  it('gets the full layer under adaptiveStream, follows a change of layers, and survives the loss of its context', async () => {
    await avatar.resize(960, 540);
    await join(true, CANVAS);
    await avatar.join(room, AVATAR, true);
    await attach();
    await untilFrames(5);
    const layerIs = (test: 'small' | 'full') =>
      page.waitForFunction((wanted) => (wanted === 'full' ? window.attachment.stats.width > 480 : window.attachment.stats.width <= 480), test, {
        timeout: 40_000,
      });
    await layerIs('full');
    // The canvas becomes a thumbnail: a smaller layer is enough.
    await page.evaluate(() => document.querySelector('canvas')?.style.setProperty('width', '100px'));
    await layerIs('small');
    await untilFrames(5);
    const small = await look();
    expect(small.greenShare).toBeLessThan(NOISE);
    expect(small.corner).toEqual(BLUE);
    expect(small.face).not.toEqual(BLUE);
    await page.evaluate(() => {
      const extension = document.querySelector('canvas')?.getContext('webgl2')?.getExtension('WEBGL_lose_context');
      document.querySelector('canvas')?.addEventListener('webglcontextlost', () => setTimeout(() => extension?.restoreContext()));
      extension?.loseContext();
    });
    await untilFrames(10);
    expect((await look()).greenShare).toBeLessThan(NOISE);
    await avatar.resize(480, 512);
  });

  it('takes a track of a room without Backlot', async () => {
    await room.rooms.updateRoomMetadata(room.name, 'no JSON');
    await join(true, '<div id="box" style="position: relative; width: 640px; height: 360px"></div>');
    await avatar.join(room, 'anybody');
    await page.waitForFunction(() => window.room.remoteParticipants.get('anybody')?.getTrackPublications()[0]?.track !== undefined);
    await page.evaluate((filesUrl) => {
      const track = window.room.remoteParticipants.get('anybody')?.getTrackPublications()[0]?.track;
      const container = document.querySelector<HTMLElement>('#box');
      if (!(track instanceof window.LivekitClient.RemoteVideoTrack) || container === null) throw new Error('no track');
      const options = { container, size: { width: 640, height: 360 }, background: { color: '#2040c0' }, keying: { spill: 0.9 }, filesUrl } as const;
      window.attachment = window.backlot.attachBackground(track, options);
    }, `${server.origin}/player/`);
    await untilFrames(10);
    const { corner, greenShare } = await look();
    expect(corner).toEqual(BLUE);
    expect(greenShare).toBeLessThan(NOISE);
    await avatar.leave();
    await untilStatus('waiting');
    await page.evaluate(() => window.attachment.dispose());
    expect(await page.evaluate(() => document.querySelector('#box')?.childElementCount)).toBe(0);
  });

  it('draws the composed picture where the server composes', async () => {
    const program = await Publisher.open(browser, server, { color: '#00c000', width: 640, height: 360 });
    await room.set({ render: 'server', program_identity: PROGRAM });
    await join(true, CANVAS);
    await avatar.join(room, AVATAR);
    await attach();
    await program.join(room, PROGRAM);
    await untilFrames(5);
    // A green that is part of the picture stays.
    expect((await look()).greenShare).toBeGreaterThan(0.9);
    expect(await page.evaluate(() => window.attachment.stats.keying)).toBeNull();
    await program.page.close();
  });

  it('follows the layer that the page asks for without adaptiveStream, and another shape in mid-stream', async () => {
    await avatar.resize(960, 540);
    await join(false, CANVAS);
    await avatar.join(room, AVATAR, true);
    await attach();
    await untilFrames(5);
    const ask = (quality: 'LOW' | 'HIGH') =>
      page.evaluate((wanted) => {
        const publication = [...window.room.remoteParticipants.values()][0]?.getTrackPublications()[0];
        if (!(publication instanceof window.LivekitClient.RemoteTrackPublication)) throw new Error('no publication');
        publication.setVideoQuality(window.LivekitClient.VideoQuality[wanted]);
      }, quality);
    for (const quality of ['LOW', 'HIGH'] as const) {
      await ask(quality);
      await page.waitForFunction((isFull) => window.attachment.stats.width > 480 === isFull, quality === 'HIGH', { timeout: 40_000 });
      await untilFrames(10);
      const { corner, greenShare, face } = await look();
      expect(corner).toEqual(BLUE);
      expect(greenShare).toBeLessThan(NOISE);
      expect(face).not.toEqual(BLUE);
    }
    await avatar.resize(540, 960);
    await page.waitForFunction(() => window.attachment.stats.height > window.attachment.stats.width, undefined, { timeout: 40_000 });
    await untilFrames(10);
    const upright = await look();
    expect(upright.corner).toEqual(BLUE);
    expect(upright.greenShare).toBeLessThan(NOISE);
    await avatar.resize(480, 512);
  });

  it('takes nothing that a participant forges: neither a background nor whose video it is', async () => {
    await join(false, CANVAS);
    await avatar.join(room, AVATAR);
    await attach();
    await untilFrames(5);
    await untilCorner(BLUE);
    const forged = { ...room.state, revision: 99, avatar_identity: 'somebody-else' };
    await avatar.send({ type: 'state', state: { ...forged, background: { ...forged.background, background_version: 99, color: '#00ffff' } } });
    // It comes after: had the forged one counted, this would be stale.
    await room.setBackground({ color: '#604020' });
    await untilCorner([0x60, 0x40, 0x20]);
    await untilFrames(5);
    expect(await page.evaluate(() => window.attachment.status)).toBe('playing');
  });

  it('goes on when LiveKit was killed and started again, with the background that holds then', async () => {
    await join(true, CANVAS);
    await avatar.join(room, AVATAR);
    await attach();
    await untilFrames(5);
    await livekit.restart();
    // As Backlot does, and the avatar.
    await room.rooms.createRoom({ name: room.name });
    await room.setBackground({ color: '#604020' });
    await avatar.leave().catch(() => undefined);
    await avatar.join(room, AVATAR);
    await untilCorner([0x60, 0x40, 0x20]);
    await untilStatus('playing');
    await untilFrames(10);
    expect((await look()).greenShare).toBeLessThan(NOISE);
  });

  it.each([
    ['19', {}],
    ['18', OLDEST_REACT],
  ])('is a component of React %s, in strict mode too', async (major, react) => {
    server.scripts.set('/own-page.js', await buildPage(react));
    await page.goto(`${server.origin}/page`);
    expect(await page.evaluate(() => window.backlot.version.split('.')[0])).toBe(major);
    await join(true, '<div id="root"></div>');
    await avatar.join(room, AVATAR);
    await page.evaluate(() => {
      const root = document.querySelector('#root');
      if (root === null) throw new Error('no root');
      const { setBackground, unmount } = window.backlot.mount(root, window.room, (attachment) => {
        window.attachment = attachment;
      });
      Object.assign(window, { setReact: setBackground, unmount });
    });
    await page.waitForFunction(() => window.attachment !== undefined);
    await untilFrames(5);
    await untilCorner(BLUE);
    await page.evaluate(() => window.setReact({ color: '#808080' }));
    await untilCorner([0x80, 0x80, 0x80]);
    await page.waitForFunction(() => document.querySelector('#root')?.textContent === 'playing');
    await page.evaluate(() => window.unmount());
    expect(await page.evaluate(() => document.querySelectorAll('canvas, video').length)).toBe(0);
  });
});
