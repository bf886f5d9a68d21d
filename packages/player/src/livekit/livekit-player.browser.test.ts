import { findLivekitServer, freeUdpPort, hasChromium, hasSharedData, launchChromium, type LivekitServer, startLivekit } from '@backlot/testing';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PlayerEvents, PlayerStats } from '../player.js';
import { SESSION_ID, SessionServer, TOKEN } from '../session-server.testing.js';
import { Cable, MediaCable } from './cable.testing.js';
import { AVATAR, CLIENT_SCRIPT, PROGRAM, Publisher, readClientScript, SessionRoom } from './room.testing.js';

type Recorded = { [Name in keyof PlayerEvents]: { name: Name; detail: PlayerEvents[Name] } }[keyof PlayerEvents];
type PlayerElement = HTMLElement & { readonly stats: PlayerStats; readonly status: string };
interface TestWindow extends Window {
  recorded: Recorded[];
  connections: RTCPeerConnection[];
  /** Most green pixels of any picture that was seen, of 64 × 36. */
  greenest: number;
}
declare const window: TestWindow;

const CLIP = '/data/clips/webav-talking-man-480x512.mp4';
const PHOTO = '/data/backgrounds/photos/saxon-switzerland-539418_1280.jpg';
/** Share of pixels that a codec may make greenish where nothing is. */
const NOISE = 0.001;
const BLUE = [0x20, 0x40, 0xc0];
/** A plain red, after its way through a codec. */
const isRed = ([red = 0, green = 0, blue = 0]: readonly number[]) => red > 150 && green < 60 && blue < 60;

describe.skipIf(!hasChromium || !hasSharedData || findLivekitServer() === undefined)('<backlot-player> on LiveKit', () => {
  let browser: Browser;
  let livekit: LivekitServer;
  let server: SessionServer;
  let avatar: Publisher;
  let program: Publisher;
  let viewer: Page;
  let room: SessionRoom;
  let viewers = 0;

  beforeAll(async () => {
    [browser, livekit, server] = await Promise.all([launchChromium(), startLivekit(), SessionServer.start()]);
    server.scripts.set(CLIENT_SCRIPT, await readClientScript());
    avatar = await Publisher.open(browser, server, { clip: CLIP, width: 480, height: 512 });
    program = await Publisher.open(browser, server, { color: '#c02020', width: 640, height: 360 });
  });
  afterAll(async () => {
    await browser.close();
    await server[Symbol.asyncDispose]();
    await livekit[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    room = await SessionRoom.create(livekit);
    server.reset();
    server.session = { ...server.session, stage: 'livekit', status: 'live', reason: null, render: 'client', video_codec: null };
    server.background = room.state.background;
    server.joinRoom = () => room.join(`viewer-${++viewers}`);
    viewer = await browser.newPage({ viewport: { width: 640, height: 360 } });
    await viewer.addInitScript(() => {
      const connections: RTCPeerConnection[] = [];
      const Real = RTCPeerConnection;
      Object.assign(globalThis, {
        connections,
        RTCPeerConnection: class extends Real {
          constructor(...all: ConstructorParameters<typeof Real>) {
            super(...all);
            connections.push(this);
          }
        },
      });
    });
    await viewer.goto(`${server.origin}/host`);
  });
  afterEach(async () => {
    const greenest = await viewer.evaluate(() => window.greenest);
    await viewer.close();
    await Promise.all([avatar.leave(), program.leave()].map((leaving) => leaving.catch(() => undefined)));
    // Whatever happened: no picture ever showed the screen.
    expect(greenest).toBeLessThan(10);
  });

  const show = (attributes: string) =>
    viewer.evaluate((html) => {
      window.recorded = [];
      for (const name of ['backlotstatus', 'backlotbackground', 'backlotspeech', 'backlotkeying', 'backlotfirstframe'] as const) {
        document.addEventListener(name, (event) => window.recorded.push({ name, detail: (event as CustomEvent<unknown>).detail } as Recorded));
      }
      document.body.style.margin = '0';
      document.body.innerHTML = html;
      const isWatched = 'greenest' in window;
      window.greenest ??= 0;
      const probe = new OffscreenCanvas(64, 36).getContext('2d', { willReadFrequently: true });
      const watch = () => {
        requestAnimationFrame(watch);
        const canvas = document.querySelector('backlot-player')?.shadowRoot?.querySelector('canvas');
        if (canvas == null || probe === null) return;
        probe.clearRect(0, 0, 64, 36);
        probe.drawImage(canvas, 0, 0, 64, 36);
        const { data } = probe.getImageData(0, 0, 64, 36);
        let green = 0;
        for (let i = 0; i < data.length; i += 4) if ((data[i + 1] ?? 0) - Math.max(data[i] ?? 0, data[i + 2] ?? 0) > 40) green++;
        window.greenest = Math.max(window.greenest, green);
      };
      if (!isWatched) watch();
    }, `<backlot-player ${attributes}></backlot-player>`);
  const play = () => show(`session="${server.origin}/v1/sessions/${SESSION_ID}" token="${TOKEN}" captions`);
  const playRoom = async (connection: { readonly url: string; readonly token: string }) => show(`url="${connection.url}" token="${connection.token}"`);
  const until = (name: keyof PlayerEvents, match: Record<string, unknown> = {}) =>
    viewer.waitForFunction(
      ({ wanted, values }) =>
        window.recorded.find(
          (event) =>
            event.name === wanted && Object.entries(values).every(([key, value]) => (event.detail as unknown as Record<string, unknown>)[key] === value),
        ),
      { wanted: name, values: match },
      { timeout: 30_000 },
    );
  const untilStatus = (status: string) =>
    viewer.waitForFunction((wanted) => (document.querySelector('backlot-player') as PlayerElement).status === wanted, status, { timeout: 30_000 });
  const untilFrames = async (count: number) => {
    const drawn = await stats('framesDrawn');
    await viewer.waitForFunction((wanted) => (document.querySelector('backlot-player') as PlayerElement).stats.framesDrawn >= wanted, drawn + count, {
      timeout: 30_000,
    });
  };
  const stats = <Name extends keyof PlayerStats>(name: Name): Promise<PlayerStats[Name]> =>
    viewer.evaluate((wanted) => (document.querySelector('backlot-player') as PlayerElement).stats[wanted as 'framesDrawn'], name) as Promise<PlayerStats[Name]>;
  const notice = () => viewer.evaluate(() => document.querySelector('backlot-player')?.shadowRoot?.querySelector('[role=status]')?.textContent ?? '');
  const reason = (status: string) =>
    viewer.evaluate(
      (wanted) => window.recorded.flatMap((event) => (event.name === 'backlotstatus' && event.detail.status === wanted ? [event.detail.reason] : [])).at(-1),
      status,
    );
  const versions = () => viewer.evaluate(() => window.recorded.flatMap((event) => (event.name === 'backlotbackground' ? [event.detail.version] : [])));
  /** The picture on the canvas: the share that is green, and colours where background and person are. */
  const look = () =>
    viewer.evaluate(() => {
      const canvas = document.querySelector('backlot-player')?.shadowRoot?.querySelector('canvas');
      const copy = new OffscreenCanvas(640, 360);
      const context = copy.getContext('2d');
      if (canvas == null || context === null) throw new Error('no canvas');
      context.drawImage(canvas, 0, 0, 640, 360);
      const { data } = context.getImageData(0, 0, 640, 360);
      let green = 0;
      for (let i = 0; i < data.length; i += 4) if ((data[i + 1] ?? 0) - Math.max(data[i] ?? 0, data[i + 2] ?? 0) > 40) green++;
      const at = (x: number, y: number) => Array.from(data.slice(4 * (y * 640 + x), 4 * (y * 640 + x) + 3));
      return { greenShare: (4 * green) / data.length, corner: at(20, 20), face: at(320, 150) };
    });
  /** Videos and sounds that arrive, by what receives them. */
  const received = () =>
    viewer.evaluate(async () => {
      const kinds: string[] = [];
      for (const connection of window.connections) {
        if (connection.connectionState === 'closed') continue;
        (await connection.getStats()).forEach((report: { type: string; kind?: string; packetsReceived?: number }) => {
          if (report.type === 'inbound-rtp' && (report.packetsReceived ?? 0) > 0) kinds.push(report.kind ?? '');
        });
      }
      return kinds;
    });

  it('finds the state in the room, keys the avatar, and follows neither the feed nor anybody else', async () => {
    await room.setBackground({ color: null, image_url: `${server.origin}${PHOTO}` }, true);
    await Promise.all([avatar.join(room, AVATAR), program.join(room, 'somebody-else')]);
    await play();
    await until('backlotstatus', { status: 'playing' });
    await until('backlotbackground', { version: 2 });
    await untilFrames(10);
    const { greenShare, corner, face } = await look();
    expect(greenShare).toBeLessThan(NOISE);
    expect(corner).not.toEqual(BLUE);
    expect(face[0]).toBeGreaterThan(face[2] ?? 0);
    expect(await received()).toEqual(['video']);
    expect(await stats('codec')).toBe('VP8');
    await expect.poll(() => server.feeds.size).toBe(0);
    expect(server.requests.some((request) => request.endsWith('/whep'))).toBe(false);
    await viewer.evaluate(() => document.querySelector('backlot-player')?.remove());
    await expect.poll(() => room.identities()).toEqual(expect.not.arrayContaining([expect.stringMatching(/^viewer/)]));
  });

  it('swaps by message or metadata, whichever comes first, and takes nothing that is stale or from a participant', async () => {
    await avatar.join(room, AVATAR);
    await play();
    await until('backlotstatus', { status: 'playing' });
    await until('backlotbackground', { version: 1 });
    // A message alone, then metadata alone.
    const quick = { ...room.state, revision: 5, background: { ...room.state.background, background_version: 5, color: '#c08020' } };
    await room.send({ type: 'state', state: quick });
    await until('backlotbackground', { version: 5 });
    const stale = { ...room.state.background, background_version: 50, color: '#00ffff' };
    await room.set({ revision: 4, background: stale });
    await avatar.send({ type: 'state', state: { ...room.state, revision: 99, background: stale } });
    await room.send({ type: 'speech', speech: { speech_id: 'say_1', text: 'Good evening.', state: 'started', duration_ms: 60_000, audible: true } });
    await until('backlotspeech', { text: 'Good evening.' });
    await room.set({ revision: 6, background: { ...quick.background, background_version: 6, color: '#808080', transition_ms: 0 } }, true);
    await until('backlotbackground', { version: 6 });
    expect(await versions()).toEqual([1, 5, 6]);
    expect((await look()).corner).toEqual([0x80, 0x80, 0x80]);
  });

  it('shows the composed picture as it is, keeps its last one while it is away, and never the raw one', async () => {
    server.session = { ...server.session, render: 'server' };
    await room.set({ render: 'server' });
    await avatar.join(room, AVATAR);
    await play();
    await until('backlotstatus', { status: 'waiting' });
    await expect.poll(notice).toContain('a server composes');
    expect(await received()).toEqual([]);
    await program.join(room, PROGRAM);
    await room.set({ program_identity: PROGRAM });
    await until('backlotstatus', { status: 'playing' });
    await untilFrames(5);
    expect((await look()).corner).toSatisfy(isRed);
    expect(await received()).toEqual(['video']);
    await program.leave();
    await untilStatus('waiting');
    await room.set({ program_identity: null });
    const { corner, greenShare } = await look();
    expect(corner).toSatisfy(isRed);
    expect(greenShare).toBeLessThan(NOISE);
    await program.join(room, PROGRAM);
    await room.set({ program_identity: PROGRAM });
    await untilStatus('playing');
    await untilFrames(5);
    expect(await stats('keying')).toBeNull();
  });

  it('keeps the last picture while the avatar is muted, replaced or away, and follows its size', async () => {
    await avatar.join(room, AVATAR);
    await play();
    await untilStatus('playing');
    await untilFrames(5);
    await avatar.setMuted(true);
    await untilStatus('paused');
    expect(await notice()).toContain('Paused');
    const paused = await look();
    expect(paused.corner).toEqual(BLUE);
    expect(paused.face[0]).toBeGreaterThan(paused.face[2] ?? 0);
    await avatar.setMuted(false);
    await untilStatus('playing');
    await untilFrames(5);
    await avatar.replace();
    await untilStatus('playing');
    await untilFrames(5);
    await avatar.leave();
    await untilStatus('waiting');
    const away = await look();
    expect(away.corner).toEqual(BLUE);
    expect(away.face[0]).toBeGreaterThan(away.face[2] ?? 0);
    await avatar.join(room, AVATAR);
    await untilStatus('playing');
    await untilFrames(5);
    // Smaller, not larger: an encoder takes its time to grow.
    await avatar.resize(240, 256);
    await viewer.waitForFunction(() => (document.querySelector('backlot-player') as PlayerElement).stats.width <= 240);
    await untilFrames(5);
    const back = await look();
    expect(back.corner).toEqual(BLUE);
    expect(back.greenShare).toBeLessThan(NOISE);
    await avatar.resize(480, 512);
  });

  it('follows a publisher from one simulcast layer to another and back', async () => {
    await avatar.resize(960, 540);
    await avatar.join(room, AVATAR, true);
    await play();
    const untilWidth = (isFull: boolean) =>
      viewer.waitForFunction((wanted) => (document.querySelector('backlot-player') as PlayerElement).stats.width > 480 === wanted, isFull, { timeout: 40_000 });
    await untilStatus('playing');
    await untilWidth(true);
    for (const isFull of [false, true]) {
      await avatar.setTopLayer(isFull);
      await untilWidth(isFull);
      await untilFrames(10);
      const { corner, face, greenShare } = await look();
      expect(corner).toEqual(BLUE);
      expect(face).not.toEqual(BLUE);
      expect(greenShare).toBeLessThan(NOISE);
    }
    await avatar.resize(480, 512);
  });

  it('says why a session is over: by its state, by its feed when the room is gone, or because it was removed', async () => {
    await avatar.join(room, AVATAR);
    await play();
    await untilStatus('playing');
    await room.set({ status: 'failed', reason: { code: 'avatar_failed', message: 'The avatar’s program has stopped.' } });
    await until('backlotstatus', { status: 'failed', reason: 'The avatar’s program has stopped.' });
    await expect.poll(() => room.identities()).toEqual([AVATAR]);

    room = await SessionRoom.create(livekit);
    await avatar.leave();
    await avatar.join(room, AVATAR);
    await play();
    await untilStatus('playing');
    server.session = { ...server.session, status: 'failed', reason: { code: 'room_closed', message: 'The room was closed.' } };
    await room.rooms.deleteRoom(room.name);
    await until('backlotstatus', { status: 'failed', reason: 'The room was closed.' });
    server.session = { ...server.session, status: 'live', reason: null };

    room = await SessionRoom.create(livekit);
    await play();
    await untilStatus('waiting');
    await expect.poll(() => room.identities()).toEqual([`viewer-${viewers}`]);
    await room.rooms.removeParticipant(room.name, `viewer-${viewers}`);
    await untilStatus('failed');
    expect(await reason('failed')).toContain('removed');
  });

  it('plays by LiveKit’s address and token alone, and says why it can’t go on', async () => {
    await avatar.join(room, AVATAR);
    await playRoom(await room.join('alone'));
    await untilStatus('playing');
    expect((await look()).corner).toEqual(BLUE);
    expect(server.requests.some((request) => request.includes('/v1/'))).toBe(false);
    await program.join(room, 'alone');
    await untilStatus('failed');
    expect(await reason('failed')).toContain('elsewhere');

    await playRoom(await room.join('closed'));
    await untilStatus('playing');
    await room.rooms.deleteRoom(room.name);
    await untilStatus('ended');
    expect(await reason('ended')).toContain('closed');

    room = await SessionRoom.create(livekit);
    await playRoom(await room.join('late', -60));
    await untilStatus('failed');
    expect(await reason('failed')).toContain('expired');
  });

  it('asks for another token when its own has expired, and for another way in when that fails', async () => {
    await avatar.join(room, AVATAR);
    let asked = 0;
    server.joinRoom = async () => {
      if (++asked === 1) return room.join('late', -60);
      if (asked === 2) return { ...(await room.join('nowhere')), url: 'ws://127.0.0.1:9' };
      return room.join('in-time');
    };
    await play();
    await untilStatus('playing');
    expect(asked).toBe(3);
  });

  it('catches up after its signalling was cut, while the picture goes on', async () => {
    await using cable = await Cable.lay(Number(new URL(livekit.url).port));
    server.joinRoom = async () => ({ ...(await room.join('cut')), url: `ws://127.0.0.1:${cable.port}` });
    await avatar.join(room, AVATAR);
    await play();
    await untilStatus('playing');
    cable.cut();
    await room.setBackground({ color: '#604020' }, true);
    await untilFrames(5);
    cable.mend();
    await until('backlotbackground', { version: 2 });
    await untilStatus('playing');
    await untilFrames(10);
    expect((await look()).corner).toEqual([0x60, 0x40, 0x20]);
    await viewer.evaluate(() => document.querySelector('backlot-player')?.remove());
  });

  it('comes back after its media alone was cut, and after everything was', async () => {
    const udpPort = await freeUdpPort();
    await using apart = await startLivekit({ config: { rtc: { udp_port: udpPort, tcp_port: 0 } } });
    await using media = await MediaCable.lay(udpPort);
    await using signalling = await Cable.lay(Number(new URL(apart.url).port));
    room = await SessionRoom.create(apart);
    let ways = 0;
    server.joinRoom = async () => ({ ...(await room.join(`cut-${++ways}`)), url: `ws://127.0.0.1:${signalling.port}` });
    await media.plugIn(viewer);
    await viewer.goto(`${server.origin}/host`);
    await avatar.join(room, AVATAR);
    await play();
    await untilStatus('playing');
    await untilFrames(5);

    media.cut();
    await untilStatus('connecting');
    // What is told meanwhile is seen meanwhile: the avatar stands still before it.
    await room.setBackground({ color: '#604020' });
    await until('backlotbackground', { version: 2 });
    await expect.poll(async () => (await look()).corner).toEqual([0x60, 0x40, 0x20]);
    const still = await look();
    expect(still.face[0]).toBeGreaterThan(still.face[2] ?? 0);
    media.mend();
    await untilStatus('playing');
    await untilFrames(10);

    media.cut();
    signalling.cut();
    await room.setBackground({ color: '#808080' }, true);
    await untilStatus('connecting');
    media.mend();
    signalling.mend();
    await until('backlotbackground', { version: 3 });
    await untilStatus('playing');
    await untilFrames(10);
    const back = await look();
    expect(back.corner).toEqual([0x80, 0x80, 0x80]);
    expect(back.greenShare).toBeLessThan(NOISE);
    await viewer.evaluate(() => document.querySelector('backlot-player')?.remove());
  }, 180_000);

  it('comes back when LiveKit was killed and started again', async () => {
    await avatar.join(room, AVATAR);
    await play();
    await untilStatus('playing');
    await livekit.restart();
    // As Backlot does, and the avatar.
    await room.rooms.createRoom({ name: room.name });
    await room.setBackground({ color: '#604020' });
    await avatar.leave().catch(() => undefined);
    await avatar.join(room, AVATAR);
    await until('backlotbackground', { version: 2 });
    await untilStatus('playing');
    await untilFrames(10);
    const { corner, greenShare } = await look();
    expect(corner).toEqual([0x60, 0x40, 0x20]);
    expect(greenShare).toBeLessThan(NOISE);
  });
});
