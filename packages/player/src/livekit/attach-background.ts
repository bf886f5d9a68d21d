import { type Background, DEFAULT_FRAMING, type Verdict } from '@backlot/keyer/webgl';
import type { RemoteVideoTrack, Room, RoomEventCallbacks } from 'livekit-client';
import { LiveBackground, loadBackground } from '../live-background.js';
import { Picture, type PictureStats } from '../picture.js';
import type { Framing, Keying } from '../session-events.js';
import { videoOf } from './publications.js';
import { type RoomState, RoomStateReader, watchedIdentity } from './room-state.js';

/**
 * What is behind the avatar. `room`: what the session's state in the room says, and follows. `none`: the canvas is
 * transparent there. An image's address must allow the page to read it (CORS); an `ImageBitmap` stays the caller's.
 */
export type BackgroundChoice =
  | 'room'
  | 'none'
  /** `#rrggbb`. */
  | { readonly color: string }
  /** `fit`: how it fills the canvas, by default `cover`. */
  | { readonly image: string | URL | ImageBitmap; readonly fit?: 'cover' | 'contain' };

/**
 * Where an attachment stands. `waiting`: nobody publishes the video yet, or any more; `paused`: its publisher sends none
 * for now; `failed`: it can't be drawn in this browser. The last picture stays.
 */
export type AttachmentStatus = 'waiting' | 'playing' | 'paused' | 'failed';

/** How a track is drawn. What is absent comes from the session's state in the room, or has a default. */
export interface AttachOptions {
  /** The canvas to draw on: one that has no context yet, in the page; it can't be used again afterwards. */
  readonly canvas?: HTMLCanvasElement;
  /** Instead of a canvas: an element that is filled with one, and emptied by `dispose`. It must have a size and be positioned. */
  readonly container?: HTMLElement;
  /** Size of the picture in pixels. Default: the session's, or 1280 × 720; with a canvas and no session the canvas's own. */
  readonly size?: { readonly width: number; readonly height: number };
  /** Default: `room` for a room, `none` for a track. */
  readonly background?: BackgroundChoice;
  /** How the screen is keyed. */
  readonly keying?: Keying;
  /** Where the avatar stands on the canvas. */
  readonly framing?: Partial<Framing>;
  /** Whose video it is. Default: that of the session's state in the room. */
  readonly identity?: string;
  /** Address of Backlot's folder `/player/`, for machines without a GPU; without it they use WebGL all the same. */
  readonly filesUrl?: string | URL;
  /** Called with every change. */
  readonly onStatus?: (status: AttachmentStatus) => void;
  /** The verdict has changed: whether the video can be keyed, or its key. */
  readonly onKeying?: (verdict: Verdict) => void;
}

/** A track that is drawn over a background until it is disposed. */
export interface BackgroundAttachment {
  /** The canvas that is drawn on. Another one than the one given where that one could not be drawn on any more. */
  readonly canvas: HTMLCanvasElement;
  readonly status: AttachmentStatus;
  readonly stats: PictureStats;
  /**
   * Changes the background, cross-fading for `transitionMs` (by default 400). Resolves when it is loaded, or another call
   * has overtaken this one. Rejects when it can't be loaded; then nothing has changed.
   */
  setBackground(background: BackgroundChoice, transitionMs?: number): Promise<void>;
  /** Ends it and frees everything, except the room and its tracks. Can be called twice. */
  dispose(): void;
}

const DEFAULT_SIZE = { width: 1280, height: 720 } as const;
const DEFAULT_TRANSITION_MS = 400;

/** Events of a room after which what is to be drawn may be another. */
const ROOM_CHANGES = [
  'connected',
  'reconnected',
  'disconnected',
  'participantConnected',
  'participantDisconnected',
  'trackPublished',
  'trackUnpublished',
  'trackSubscribed',
  'trackUnsubscribed',
  'trackMuted',
  'trackUnmuted',
] as const satisfies readonly (keyof RoomEventCallbacks)[];

const isRoom = (target: Room | RemoteVideoTrack): target is Room => 'remoteParticipants' in target;

/** The video: as large as the canvas and in its place, because LiveKit sends what its elements' size needs; and never seen, because it is green. */
const createVideo = (): HTMLVideoElement => {
  const video = document.createElement('video');
  video.muted = true;
  video.playsInline = true;
  video.autoplay = true;
  video.disablePictureInPicture = true;
  video.setAttribute('aria-hidden', 'true');
  Object.assign(video.style, { position: 'absolute', opacity: '0', pointerEvents: 'none', margin: '0', maxWidth: 'none', maxHeight: 'none' });
  return video;
};

const createCanvas = (): HTMLCanvasElement => {
  const canvas = document.createElement('canvas');
  Object.assign(canvas.style, { position: 'absolute', inset: '0', width: '100%', height: '100%', objectFit: 'contain' });
  return canvas;
};

class Attachment implements BackgroundAttachment {
  readonly #options: AttachOptions;
  readonly #target: Room | RemoteVideoTrack;
  readonly #video = createVideo();
  readonly #reader: RoomStateReader;
  readonly #live: LiveBackground;
  readonly #sizes: ResizeObserver;
  #stopListening: () => void;
  #canvas: HTMLCanvasElement;
  #isCanvasUsed = false;
  #picture: Picture | null = null;
  #track: RemoteVideoTrack | null = null;
  #choice: BackgroundChoice;
  #loading = new AbortController();
  #status: AttachmentStatus = 'waiting';
  #isDisposed = false;

  constructor(target: Room | RemoteVideoTrack, options: AttachOptions) {
    if (options.canvas === undefined && options.container === undefined) throw new TypeError('attachBackground needs a canvas, or a container for one.');
    this.#target = target;
    this.#options = options;
    this.#choice = options.background ?? (isRoom(target) ? 'room' : 'none');
    this.#canvas = options.canvas ?? createCanvas();
    const { width, height } = options.size ?? (options.canvas === undefined ? DEFAULT_SIZE : options.canvas);
    Object.assign(this.#canvas, { width, height });
    options.container?.append(this.#canvas);
    this.#canvas.before(this.#video);
    this.#sizes = new ResizeObserver(() => this.#layOut());
    this.#sizes.observe(this.#canvas);
    this.#layOut();
    this.#live = new LiveBackground(document.baseURI, (background, _version, transitionMs) => this.#show(background, transitionMs));
    this.#reader = new RoomStateReader((state) => this.#takeState(state));
    this.#stopListening = isRoom(target) ? this.#listenToRoom(target) : this.#listenToTrack(target);
  }

  get canvas(): HTMLCanvasElement {
    return this.#canvas;
  }

  get status(): AttachmentStatus {
    return this.#status;
  }

  get stats(): PictureStats {
    return this.#picture?.stats ?? { framesDrawn: 0, framesDropped: 0, rateFps: 0, width: 0, height: 0, keying: null };
  }

  async setBackground(choice: BackgroundChoice, transitionMs = DEFAULT_TRANSITION_MS): Promise<void> {
    this.#loading.abort();
    const { signal } = (this.#loading = new AbortController());
    if (choice === 'room') {
      this.#choice = choice;
      this.#followRoom();
      return;
    }
    const background = await this.#load(choice, signal).catch((error: unknown) => {
      if (signal.aborted) return null;
      throw new Error('The background image can’t be loaded.', { cause: error });
    });
    if (background === null) return;
    if (signal.aborted || this.#isDisposed) {
      if (background.kind === 'image') background.image.close();
      return;
    }
    this.#choice = choice;
    this.#live.close();
    this.#show(background, transitionMs);
  }

  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#stopListening();
    this.#loading.abort();
    this.#live.close();
    this.#sizes.disconnect();
    this.#picture?.dispose();
    this.#track?.detach(this.#video);
    this.#video.remove();
    if (this.#options.container !== undefined) this.#canvas.remove();
  }

  /** Puts the video where the canvas is. In the flow it stands there by itself. */
  #layOut(): void {
    const { offsetLeft, offsetTop, offsetWidth, offsetHeight } = this.#canvas;
    const { position } = getComputedStyle(this.#canvas);
    const isPlaced = position === 'absolute' || position === 'fixed';
    Object.assign(this.#video.style, {
      position: isPlaced ? position : 'absolute',
      left: isPlaced ? `${offsetLeft}px` : 'auto',
      top: isPlaced ? `${offsetTop}px` : 'auto',
      width: `${offsetWidth}px`,
      height: `${offsetHeight}px`,
    });
  }

  #listenToRoom(room: Room): () => void {
    const stopReading = this.#reader.read(room);
    for (const event of ROOM_CHANGES) room.on(event, this.#update);
    // Without Backlot's state it is the caller who says whose video it is.
    if (this.#options.identity !== undefined) this.#draw(false);
    this.#update();
    return () => {
      stopReading();
      for (const event of ROOM_CHANGES) room.off(event, this.#update);
    };
  }

  #listenToTrack(track: RemoteVideoTrack): () => void {
    const look = () => this.#setStatus(track.isMuted ? 'paused' : 'playing');
    const end = () => this.#setStatus('waiting');
    track.on('muted', look).on('unmuted', look).on('ended', end);
    this.#draw(false);
    this.#attach(track);
    look();
    return () => void track.off('muted', look).off('unmuted', look).off('ended', end);
  }

  #takeState(state: RoomState): void {
    const { identity, size } = this.#options;
    this.#draw(identity === undefined ? state.render === 'server' : identity === state.program_identity, state);
    if (size === undefined) this.#picture?.resize(state.canvas.width, state.canvas.height);
    if (this.#choice === 'room') void this.#live.take(state.background);
    this.#update();
  }

  /** Begins to draw, once, as the session says. */
  #draw(isComposed: boolean, state?: Pick<RoomState, 'framing' | 'keying'>): void {
    const { filesUrl, framing, keying, onKeying } = this.#options;
    this.#picture ??= new Picture({
      video: this.#video,
      newCanvas: () => this.#renewCanvas(),
      filesUrl: filesUrl === undefined ? null : new URL(filesUrl, document.baseURI),
      isComposed,
      keying: { ...state?.keying, ...keying },
      onVerdict: (verdict) => onKeying?.(verdict),
      onFrame: () => undefined,
      onBackground: () => undefined,
      onReady: () => {
        if (this.#choice === 'room') this.#followRoom();
        else this.setBackground(this.#choice, 0).catch(() => undefined);
      },
      onFailed: () => this.#setStatus('failed'),
    });
    this.#picture.setFraming({ ...(state?.framing ?? DEFAULT_FRAMING), ...framing });
  }

  /** The canvas; a fresh one in its place when it has been drawn on. */
  #renewCanvas(): HTMLCanvasElement {
    if (this.#isCanvasUsed) {
      const canvas = this.#canvas.cloneNode() as HTMLCanvasElement;
      this.#canvas.replaceWith(canvas);
      this.#sizes.disconnect();
      this.#sizes.observe(canvas);
      this.#canvas = canvas;
    }
    this.#isCanvasUsed = true;
    return this.#canvas;
  }

  readonly #update = (): void => {
    if (!isRoom(this.#target) || this.#isDisposed) return;
    const { state } = this.#reader;
    const identity = this.#options.identity ?? (state === null ? null : watchedIdentity(state));
    const publication = videoOf(identity === null ? undefined : this.#target.remoteParticipants.get(identity));
    // In rooms that subscribe by hand.
    if (publication !== undefined && !publication.isDesired) publication.setSubscribed(true);
    const track = publication?.videoTrack as RemoteVideoTrack | undefined;
    if (track !== undefined) this.#attach(track);
    this.#setStatus(track === undefined ? 'waiting' : publication?.isMuted === true ? 'paused' : 'playing');
  };

  #attach(track: RemoteVideoTrack): void {
    if (track === this.#track) return;
    this.#track?.detach(this.#video);
    this.#track = track;
    this.#picture?.restart();
    track.attach(this.#video);
  }

  #followRoom(): void {
    const background = this.#reader.state?.background;
    if (background === undefined) return;
    if (background.background_version > this.#live.version) void this.#live.take(background);
    else this.#live.repeat();
  }

  async #load(choice: Exclude<BackgroundChoice, 'room'>, signal: AbortSignal): Promise<Background> {
    if (choice === 'none') return { kind: 'none' };
    if ('color' in choice) return { kind: 'color', color: choice.color };
    const { image, fit = 'cover' } = choice;
    if (image instanceof ImageBitmap) return { kind: 'image', image: await createImageBitmap(image), fit };
    return loadBackground({ image_url: String(image), color: null, fit }, document.baseURI, signal);
  }

  #show(background: Background, transitionMs: number): void {
    if (this.#picture !== null) this.#picture.setBackground(background, 0, transitionMs);
    else if (background.kind === 'image') background.image.close();
  }

  #setStatus(status: AttachmentStatus): void {
    if (status === this.#status || this.#status === 'failed' || this.#isDisposed) return;
    this.#status = status;
    this.#picture?.hold(status !== 'playing');
    this.#options.onStatus?.(status);
  }
}

/**
 * Keys a remote avatar's video in place and draws it over a background on a canvas, in a page with a LiveKit UI of its
 * own. Takes a room, whose session of Backlot says whose video it is and what is behind it, or a track. Works with and
 * without `adaptiveStream`; follows layers, sizes, mutes and replaced tracks. Sound stays the page's. Whoever attaches
 * disposes.
 * @throws TypeError without a canvas or a container
 */
export const attachBackground = (target: Room | RemoteVideoTrack, options: HTMLCanvasElement | AttachOptions): BackgroundAttachment =>
  new Attachment(target, options instanceof HTMLCanvasElement ? { canvas: options } : options);
