import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { LivekitServer } from '@backlot/testing';
import type * as Livekit from 'livekit-client';
import { AccessToken, DataPacket_Kind, RoomServiceClient, type VideoGrant } from 'livekit-server-sdk';
import type { Browser, Page } from 'playwright-core';
import { SESSION_ID, type SessionServer } from '../session-server.testing.js';
import type { RoomState } from './room-state.js';

/** The script that gives a page `LivekitClient`. */
export const CLIENT_SCRIPT = '/livekit-client.js';
/** The script itself. */
export const readClientScript = (): Promise<string> => readFile(createRequire(import.meta.url).resolve('livekit-client'), 'utf8');

/** Identity of who publishes the avatar, and of who publishes the composed picture. */
export const AVATAR = 'backlot-avatar';
export const PROGRAM = 'backlot-compositor';

/** What a publisher's page shows: a clip, or a plain colour, on a canvas of some size. */
export interface Picture {
  readonly clip?: string;
  readonly color?: string;
  readonly width: number;
  readonly height: number;
  readonly simulcast?: boolean;
}

/** One session's LiveKit room, and what Backlot does in it. */
export class SessionRoom {
  readonly name = `room-${Math.random().toString(36).slice(2, 10)}`;
  readonly rooms: RoomServiceClient;
  readonly #livekit: LivekitServer;
  state: RoomState = {
    revision: 1,
    session_id: SESSION_ID,
    status: 'live',
    reason: null,
    render: 'client',
    canvas: { width: 640, height: 360 },
    framing: { scale: 1, x: 0, y: 0, crop: 'none' },
    keying: {},
    background: { has_background: true, background_id: null, background_version: 1, image_url: null, color: '#2040c0', fit: 'cover', transition_ms: 100 },
    avatar_identity: AVATAR,
    program_identity: null,
  };

  private constructor(livekit: LivekitServer) {
    this.#livekit = livekit;
    this.rooms = new RoomServiceClient(livekit.url.replace(/^ws/, 'http'), livekit.apiKey, livekit.apiSecret);
  }

  /** Makes a room with a session's state. */
  static async create(livekit: LivekitServer, state: Partial<RoomState> = {}): Promise<SessionRoom> {
    const room = new SessionRoom(livekit);
    room.state = { ...room.state, ...state };
    await room.rooms.createRoom({ name: room.name, metadata: room.#metadata() });
    return room;
  }

  /** Changes the state as Backlot does: by metadata, and by a message unless `isSilent`. */
  async set(change: Partial<RoomState>, isSilent = false): Promise<void> {
    this.state = { ...this.state, revision: this.state.revision + 1, ...change };
    await this.rooms.updateRoomMetadata(this.name, this.#metadata());
    if (!isSilent) await this.send({ type: 'state', state: this.state });
  }

  /** Changes the background. */
  setBackground(change: Partial<RoomState['background']>, isSilent = false): Promise<void> {
    const background_version = this.state.background.background_version + 1;
    return this.set({ background: { ...this.state.background, background_version, ...change } }, isSilent);
  }

  /** Sends a data message from the server. */
  async send(message: unknown): Promise<void> {
    await this.rooms.sendData(this.name, new TextEncoder().encode(JSON.stringify(message)), DataPacket_Kind.RELIABLE, { topic: 'backlot' });
  }

  /** A way in. */
  async join(identity: string, ttl: string | number = '1h', grant: VideoGrant = { canPublish: false, canPublishData: false }) {
    const token = new AccessToken(this.#livekit.apiKey, this.#livekit.apiSecret, { identity, ttl });
    token.addGrant({ room: this.name, roomJoin: true, canSubscribe: true, ...grant });
    return { url: this.#livekit.url, token: await token.toJwt(), room: this.name, identity };
  }

  /** Identities of who is in the room. */
  async identities(): Promise<string[]> {
    return (await this.rooms.listParticipants(this.name)).map(({ identity }) => identity);
  }

  #metadata(): string {
    return JSON.stringify({ customer: 'of the customer', backlot: this.state });
  }
}

interface PublisherWindow extends Window {
  LivekitClient: typeof Livekit;
  room: Livekit.Room;
  publication: Livekit.LocalTrackPublication;
  canvas: HTMLCanvasElement;
}
declare const window: PublisherWindow;

/** A page that publishes into a LiveKit room. */
export class Publisher {
  readonly page: Page;

  private constructor(page: Page) {
    this.page = page;
  }

  /** Opens a page of the server, which must have `CLIENT_SCRIPT`. */
  static async open(browser: Browser, server: SessionServer, picture: Picture): Promise<Publisher> {
    const page = await browser.newPage();
    await page.goto(`${server.origin}/page`);
    await page.evaluate(async ({ clip, color, width, height }) => {
      const video = document.createElement('video');
      if (clip !== undefined) {
        Object.assign(video, { src: clip, loop: true, muted: true });
        document.body.append(video);
        await video.play();
      }
      const canvas = (window.canvas = document.createElement('canvas'));
      Object.assign(canvas, { width, height });
      const context = canvas.getContext('2d');
      // Not by animation frames: this page is never in front.
      setInterval(() => {
        if (context === null) return;
        context.fillStyle = color ?? '#00ff00';
        context.fillRect(0, 0, canvas.width, canvas.height);
        // Something moves, or the encoder sends next to nothing.
        context.fillStyle = `rgb(${performance.now() % 40} 20 20)`;
        if (clip === undefined) context.fillRect(canvas.width / 2, canvas.height / 2, 8, 8);
        else context.drawImage(video, 0, 0, canvas.width, canvas.height);
      }, 40);
    }, picture);
    return new Publisher(page);
  }

  /** Joins and publishes. */
  async join(room: SessionRoom, identity: string, simulcast = false): Promise<void> {
    const connection = await room.join(identity, '1h', { canPublish: true, canPublishData: true });
    await this.page.evaluate(
      async ({ url, token, isSimulcast }) => {
        window.room = new window.LivekitClient.Room();
        await window.room.connect(url, token);
        const [media] = window.canvas.captureStream(25).getVideoTracks();
        if (media === undefined) throw new Error('no track');
        const { Track } = window.LivekitClient;
        window.publication = await window.room.localParticipant.publishTrack(media, { source: Track.Source.Camera, simulcast: isSimulcast, videoCodec: 'vp8' });
      },
      { url: connection.url, token: connection.token, isSimulcast: simulcast },
    );
  }

  /** Leaves the room. */
  async leave(): Promise<void> {
    await this.page.evaluate(() => window.room.disconnect());
  }

  /** Publishes the same picture again, as another track in the first one's place. */
  async replace(): Promise<void> {
    await this.page.evaluate(async () => {
      const { localParticipant } = window.room;
      if (window.publication.track !== undefined) await localParticipant.unpublishTrack(window.publication.track, true);
      const [media] = window.canvas.captureStream(25).getVideoTracks();
      if (media === undefined) throw new Error('no track');
      window.publication = await localParticipant.publishTrack(media, {
        source: window.LivekitClient.Track.Source.Camera,
        simulcast: false,
        videoCodec: 'vp8',
      });
    });
  }

  async setMuted(isMuted: boolean): Promise<void> {
    await this.page.evaluate(async (wanted) => void (await (wanted ? window.publication.mute() : window.publication.unmute())), isMuted);
  }

  /** Publishes the lower layers only, or all of them again. */
  async setTopLayer(isOn: boolean): Promise<void> {
    await this.page.evaluate((wanted) => {
      const { LocalVideoTrack, VideoQuality } = window.LivekitClient;
      const { track } = window.publication;
      if (track instanceof LocalVideoTrack) track.setPublishingQuality(wanted ? VideoQuality.HIGH : VideoQuality.LOW);
    }, isOn);
  }

  async resize(width: number, height: number): Promise<void> {
    await this.page.evaluate((size) => void Object.assign(window.canvas, size), { width, height });
  }

  /** Sends a message as a participant. */
  async send(message: unknown): Promise<void> {
    await this.page.evaluate(
      (text) => window.room.localParticipant.publishData(new TextEncoder().encode(text), { reliable: true, topic: 'backlot' }),
      JSON.stringify(message),
    );
  }
}
