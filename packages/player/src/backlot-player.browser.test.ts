import { hasChromium, hasSharedData, launchChromium } from '@backlot/testing';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PlayerEvents, PlayerStats } from './player.js';
import { SESSION_ID, SessionServer, TOKEN } from './session-server.testing.js';

type Recorded = { [Name in keyof PlayerEvents]: { name: Name; detail: PlayerEvents[Name] } }[keyof PlayerEvents];
type PlayerElement = HTMLElement & { readonly stats: PlayerStats; readonly status: string; disconnect(): void };
interface TestWindow extends Window {
  recorded: Recorded[];
  connect(offer: string): Promise<string>;
  connections: RTCPeerConnection[];
}
declare const window: TestWindow;

const PHOTO = '/data/backgrounds/photos/saxon-switzerland-539418_1280.jpg';
const CLIP = '/data/clips/webav-talking-man-480x512.mp4';

/** Makes a page an avatar's publisher: a clip with a tone, one connection a viewer. */
const publish = async (page: Page, clip: string): Promise<void> => {
  await page.evaluate(async (url) => {
    const video = document.createElement('video');
    video.src = url;
    video.loop = true;
    video.muted = true;
    document.body.append(video);
    await video.play();
    const media = (video as HTMLVideoElement & { captureStream(): MediaStream }).captureStream();
    const audio = new AudioContext();
    const speaker = audio.createMediaStreamDestination();
    const tone = audio.createOscillator();
    tone.connect(speaker);
    tone.start();
    window.connections = [];
    window.connect = async (offer) => {
      const connection = new RTCPeerConnection();
      window.connections.push(connection);
      for (const track of [...media.getVideoTracks(), ...speaker.stream.getAudioTracks()]) connection.addTrack(track, media);
      await connection.setRemoteDescription({ type: 'offer', sdp: offer });
      await connection.setLocalDescription();
      await new Promise<void>((resolve) => {
        const look = () => connection.iceGatheringState === 'complete' && resolve();
        connection.onicegatheringstatechange = look;
        look();
      });
      return connection.localDescription?.sdp ?? '';
    };
  }, clip);
};

const RENDERERS = [
  { renderer: 'planes', hasWasm: true },
  { renderer: 'WebGL', hasWasm: false },
];

describe.skipIf(!hasChromium || !hasSharedData).each(RENDERERS)('<backlot-player> by $renderer', ({ hasWasm }) => {
  let browser: Browser;
  let server: SessionServer;
  let publisher: Page;
  let viewer: Page;

  beforeAll(async () => {
    browser = await launchChromium();
    server = await SessionServer.start();
    // Chromium draws WebGL in software here: without the module the player falls back to it.
    server.hasWasm = hasWasm;
    publisher = await browser.newPage();
    await publisher.goto(`${server.origin}/publisher`);
    await publish(publisher, CLIP);
  });
  afterAll(async () => {
    await browser.close();
    await server[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    server.session = { ...server.session, status: 'live', reason: null, canvas: { width: 640, height: 360 } };
    server.background = {
      has_background: true,
      background_id: null,
      background_version: 1,
      image_url: null,
      color: '#2040c0',
      fit: 'cover',
      transition_ms: 200,
    };
    server.answer = (offer) => publisher.evaluate((sdp) => window.connect(sdp), offer);
    server.reset();
    viewer = await browser.newPage({ viewport: { width: 640, height: 360 } });
    await viewer.goto(`${server.origin}/host`);
  });
  afterEach(async () => {
    await viewer.close();
  });

  const play = (attributes = '') =>
    viewer.evaluate(
      ({ html }) => {
        window.recorded = [];
        for (const name of ['backlotstatus', 'backlotbackground', 'backlotspeech', 'backlotkeying', 'backlotfirstframe'] as const) {
          document.addEventListener(name, (event) => window.recorded.push({ name, detail: (event as CustomEvent<unknown>).detail } as Recorded));
        }
        document.body.style.margin = '0';
        document.body.innerHTML = html;
      },
      { html: `<backlot-player session="${server.origin}/v1/sessions/${SESSION_ID}" token="${TOKEN}" ${attributes}></backlot-player>` },
    );
  const until = (name: keyof PlayerEvents, match: Record<string, unknown> = {}) =>
    viewer.waitForFunction(
      ({ wanted, values }) =>
        window.recorded.find(
          (event) =>
            event.name === wanted && Object.entries(values).every(([key, value]) => (event.detail as unknown as Record<string, unknown>)[key] === value),
        ),
      { wanted: name, values: match },
      { timeout: 20_000 },
    );
  /** What a person sees, as RGBA. */
  const look = async () => {
    const png = await viewer.screenshot();
    return viewer.evaluate(async (data) => {
      const bitmap = await createImageBitmap(await (await fetch(`data:image/png;base64,${data}`)).blob());
      const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
      const context = canvas.getContext('2d');
      context?.drawImage(bitmap, 0, 0);
      const pixels = context?.getImageData(0, 0, bitmap.width, bitmap.height).data ?? new Uint8ClampedArray();
      let green = 0;
      for (let i = 0; i < pixels.length; i += 4) if ((pixels[i + 1] ?? 0) - Math.max(pixels[i] ?? 0, pixels[i + 2] ?? 0) > 15) green++;
      const at = (x: number, y: number) => Array.from(pixels.slice(4 * (y * bitmap.width + x), 4 * (y * bitmap.width + x) + 3));
      return { greenShare: (4 * green) / pixels.length, corner: at(20, 20), side: at(600, 200), face: at(320, 150) };
    }, png.toString('base64'));
  };
  const element = <Result>(read: (player: PlayerElement) => Result) =>
    viewer.evaluate(`(${read.toString()})(document.querySelector('backlot-player'))`) as Promise<Result>;

  it('shows the person over the session’s background, without green', async () => {
    await play();
    await until('backlotfirstframe');
    await until('backlotkeying', { keyable: true });
    await until('backlotbackground', { version: 1 });
    await viewer.waitForFunction(() => (document.querySelector('backlot-player') as PlayerElement).stats.framesDrawn > 20);
    const { greenShare, corner, side, face } = await look();
    expect(greenShare).toBeLessThan(0.005);
    expect(corner).toEqual([0x20, 0x40, 0xc0]);
    expect(side).toEqual([0x20, 0x40, 0xc0]);
    expect(face[0]).toBeGreaterThan(face[2] ?? 0);
    const { codec, width, height, keying } = await element((player) => player.stats);
    expect({ width, height, keyable: keying?.keyable }).toEqual({ width: 480, height: 512, keyable: true });
    await viewer.waitForFunction(() => (document.querySelector('backlot-player') as PlayerElement).stats.codec === 'VP8');
    expect(codec === null || codec === 'VP8').toBe(true);
  });

  it('has the session’s canvas and background also when its renderer loads after them', async () => {
    server.session = { ...server.session, canvas: { width: 270, height: 360 } };
    await viewer.route('**/player/keyer.wasm', async (route) => {
      await viewer.waitForFunction(
        () => document.querySelector<HTMLElement>('backlot-player')?.style.getPropertyValue('--backlot-aspect-ratio') === '270 / 360',
      );
      await route.continue();
    });
    await viewer.setViewportSize({ width: 270, height: 360 });
    await play();
    await until('backlotbackground', { version: 1 });
    const { width, height } = await element((player) => {
      const canvas = player.shadowRoot?.querySelector('canvas');
      return { width: canvas?.width, height: canvas?.height };
    });
    expect({ width, height }).toEqual({ width: 270, height: 360 });
    expect((await look()).corner).toEqual([0x20, 0x40, 0xc0]);
  });

  it('never shows green: not before the first frame, not at a swap, not when the publisher reconnects', async () => {
    await play();
    // Every picture that the page presents, sampled from the canvas itself in the task that drew it.
    await viewer.evaluate(() => {
      const player = document.querySelector('backlot-player') as PlayerElement;
      const probe = new OffscreenCanvas(64, 36);
      const context = probe.getContext('2d', { willReadFrequently: true });
      const state = { most: 0, looks: 0, seen: 0 };
      Object.assign(window, { state });
      const watch = () => {
        requestAnimationFrame(watch);
        const canvas = player.shadowRoot?.querySelector('canvas');
        if (canvas == null || context === null) return;
        context.clearRect(0, 0, 64, 36);
        context.drawImage(canvas, 0, 0, 64, 36);
        const pixels = context.getImageData(0, 0, 64, 36).data;
        let green = 0;
        for (let i = 0; i < pixels.length; i += 4) if ((pixels[i + 1] ?? 0) - Math.max(pixels[i] ?? 0, pixels[i + 2] ?? 0) > 40) green++;
        // The person's middle: what is read is a drawn picture, not an empty buffer.
        if ((pixels[4 * (64 * 18 + 32) + 3] ?? 0) > 0) state.seen++;
        state.most = Math.max(state.most, green);
        state.looks++;
      };
      watch();
    });
    await until('backlotfirstframe');
    server.setBackground({ background_version: 2, color: '#c08020', transition_ms: 150 });
    await until('backlotbackground', { version: 2 });
    await publisher.evaluate(() => window.connections.forEach((connection) => connection.close()));
    await until('backlotstatus', { status: 'playing' });
    const drawn = await element((player) => player.stats.framesDrawn);
    await expect.poll(() => server.requests.filter((request) => request.endsWith('/whep')).length, { timeout: 20_000 }).toBeGreaterThan(1);
    await viewer.waitForFunction((before) => (document.querySelector('backlot-player') as PlayerElement).stats.framesDrawn > before + 10, drawn, {
      timeout: 20_000,
    });
    const state = await viewer.evaluate(() => (window as unknown as { state: { most: number; looks: number; seen: number } }).state);
    expect(state.looks).toBeGreaterThan(20);
    expect(state.seen).toBeGreaterThan(10);
    expect(state.most).toBe(0);
  });

  it('swaps to an image while the video goes on, and ignores stale versions', async () => {
    await play();
    await until('backlotbackground', { version: 1 });
    await until('backlotfirstframe');
    const before = server.background;
    server.setBackground({ background_version: 3, color: null, image_url: PHOTO, transition_ms: 100 });
    await until('backlotbackground', { version: 3 });
    await viewer.waitForFunction(() => (document.querySelector('backlot-player') as PlayerElement).stats.framesDrawn > 40);
    const photo = await look();
    expect(photo.corner).not.toEqual([0x20, 0x40, 0xc0]);
    server.sendBackground({ ...before, background_version: 2 });
    // A newer state after the stale one: when it is through, the stale one has been handled.
    server.setBackground({ background_version: 4, image_url: null, color: '#808080', transition_ms: 0 });
    await until('backlotbackground', { version: 4 });
    const versions = await viewer.evaluate(() => window.recorded.flatMap((event) => (event.name === 'backlotbackground' ? [event.detail.version] : [])));
    expect(versions).toEqual([1, 3, 4]);
    expect((await look()).corner).toEqual([0x80, 0x80, 0x80]);
    expect(server.requests.filter((request) => request === `GET ${PHOTO}`)).toHaveLength(1);
  });

  it('catches up after its live feed dropped', async () => {
    await play();
    await until('backlotbackground', { version: 1 });
    server.background = { ...server.background, background_version: 2, color: '#604020' };
    server.dropFeeds();
    await until('backlotbackground', { version: 2 });
    await expect.poll(async () => (await look()).corner).toEqual([0x60, 0x40, 0x20]);
  });

  it('waits for an absent publisher and plays when it is live', async () => {
    const { answer } = server;
    server.answer = null;
    server.session = { ...server.session, status: 'starting' };
    await play();
    await until('backlotstatus', { status: 'waiting' });
    server.answer = answer;
    server.setSession({ status: 'live' });
    await until('backlotstatus', { status: 'playing' });
    expect(await element((player) => player.stats.framesDrawn)).toBeGreaterThan(0);
  });

  it('says why a session ended', async () => {
    await play();
    await until('backlotfirstframe');
    server.setSession({ status: 'failed', reason: { code: 'avatar_failed', message: 'The avatar’s program has stopped.' } });
    await until('backlotstatus', { status: 'failed', reason: 'The avatar’s program has stopped.' });
    expect(await element((player) => player.shadowRoot?.querySelector('[role=status]')?.textContent)).toContain('The avatar’s program has stopped.');
    await expect.poll(() => server.openConnections).toBe(0);
  });

  it('refuses a wrong token in words', async () => {
    await viewer.evaluate(
      (url) => (document.body.innerHTML = `<backlot-player session="${url}" token="wrong"></backlot-player>`),
      `${server.origin}/v1/sessions/${SESSION_ID}`,
    );
    await viewer.waitForFunction(() => (document.querySelector('backlot-player') as PlayerElement).status === 'failed');
    expect(await element((player) => player.shadowRoot?.querySelector('[role=status]')?.textContent)).toContain('not valid');
  });

  it('shows captions while the avatar speaks', async () => {
    await play('captions');
    await until('backlotfirstframe');
    server.sendSpeech({ speech_id: 'say_1', text: 'Good evening.', state: 'started', duration_ms: 60_000, audible: true });
    await until('backlotspeech', { state: 'started' });
    expect(await element((player) => player.shadowRoot?.querySelector('.captions:not([hidden])')?.textContent)).toBe('Good evening.');
    server.sendSpeech({ speech_id: 'say_1', text: 'Good evening.', state: 'ended', duration_ms: 60_000, audible: true });
    await until('backlotspeech', { state: 'ended' });
    expect(await element((player) => player.shadowRoot?.querySelector('.captions:not([hidden])') ?? null)).toBeNull();
  });

  it('lets go of everything when it is removed', async () => {
    await play();
    await until('backlotfirstframe');
    const ended = await viewer.evaluateHandle(() => {
      const video = document.querySelector('backlot-player')?.shadowRoot?.querySelector('video');
      const canvas = document.querySelector('backlot-player')?.shadowRoot?.querySelector('canvas');
      const media = video?.srcObject;
      const tracks = media instanceof MediaStream ? media.getTracks() : [];
      document.querySelector('backlot-player')?.remove();
      return { tracks, canvas };
    });
    await viewer.waitForFunction(
      ({ tracks, canvas }) =>
        tracks.length > 0 && tracks.every((track) => track.readyState === 'ended') && canvas?.getContext('webgl2')?.isContextLost() !== false,
      ended,
    );
    await expect.poll(() => server.openConnections).toBe(0);
    await expect.poll(() => server.feeds.size).toBe(0);
    expect(server.requests.some((request) => request.startsWith('DELETE '))).toBe(true);
  });

  it('tells the server when its page goes away', async () => {
    await play();
    await until('backlotfirstframe');
    await viewer.goto('about:blank');
    await expect.poll(() => server.openConnections).toBe(0);
    expect(server.requests.some((request) => request.startsWith('DELETE '))).toBe(true);
  });

  // What only WebGL has.
  if (!hasWasm) {
    it('says so when the graphics can’t key, instead of connecting for ever', async () => {
      await viewer.evaluate(() => {
        // As a driver does that has half of WebGL 2: the programs for frames don't link, the others do.
        const { linkProgram } = WebGL2RenderingContext.prototype;
        WebGL2RenderingContext.prototype.linkProgram = function (program) {
          const needs = this.getAttachedShaders(program)?.some((shader) => this.getShaderSource(shader)?.includes('out vec4 matte'));
          if (needs !== true) linkProgram.call(this, program);
        };
      });
      await play();
      await until('backlotstatus', { status: 'failed' });
      expect(await element((player) => player.shadowRoot?.querySelector('[role=status]')?.textContent)).toContain('key the video');
      await expect.poll(() => server.openConnections).toBe(0);
      await expect.poll(() => server.feeds.size).toBe(0);
    });

    it('plays where floats can’t be drawn into', async () => {
      await viewer.evaluate(() => {
        const { getExtension } = WebGL2RenderingContext.prototype;
        Object.assign(WebGL2RenderingContext.prototype, {
          getExtension(this: WebGL2RenderingContext, name: 'WEBGL_multi_draw') {
            return /color_buffer/.test(name) ? null : getExtension.call(this, name);
          },
        });
      });
      await play();
      await until('backlotstatus', { status: 'playing' });
      await until('backlotkeying', { keyable: true });
      expect((await look()).greenShare).toBeLessThan(0.005);
    });

    it('survives the loss of its graphics context', async () => {
      await play();
      await until('backlotfirstframe');
      await viewer.evaluate(() => {
        const canvas = document.querySelector('backlot-player')?.shadowRoot?.querySelector('canvas');
        const extension = canvas?.getContext('webgl2')?.getExtension('WEBGL_lose_context');
        canvas?.addEventListener('webglcontextlost', () => setTimeout(() => extension?.restoreContext()));
        extension?.loseContext();
      });
      const drawn = await element((player) => player.stats.framesDrawn);
      await viewer.waitForFunction((before) => (document.querySelector('backlot-player') as PlayerElement).stats.framesDrawn > before + 10, drawn);
      const { corner, greenShare } = await look();
      expect(corner).toEqual([0x20, 0x40, 0xc0]);
      expect(greenShare).toBeLessThan(0.005);
    });
  }

  it('fills the window on its own page', async () => {
    await viewer.goto(`${server.origin}/player/${SESSION_ID}#token=${TOKEN}`);
    await viewer.waitForFunction(() => (document.querySelector('backlot-player') as PlayerElement).status === 'playing', undefined, { timeout: 20_000 });
    const { corner } = await look();
    expect(corner).toEqual([0x20, 0x40, 0xc0]);
    expect(server.requests.every((request) => !request.includes(TOKEN))).toBe(true);
  });
});
