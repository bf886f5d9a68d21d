import type { LivekitRoomState } from '@backlot/contract';
import { type AudioFrame, ParticipantKind, type Room, RoomEvent, type VideoFrame } from '@livekit/rtc-node';
import { toError } from '../errors.js';
import { ProgramTracks } from '../media/outlets/livekit/program-tracks.js';
import { AvatarTracks } from '../media/sources/livekit/avatar-tracks.js';
import { BackgroundFeed } from './background-feed.js';
import { PictureCompositor } from '../media/compositor/picture-compositor.js';
import { RoomStateFeed } from './room-state.js';

const RATE_FPS = 30;
const TICK_MS = 1000 / RATE_FPS;
/** An avatar that sends nothing for so long stands still; fades go on without it. */
const STILL_AFTER_MS = 100;
/** A picture that stands is sent again now and then, so that whoever joins gets one. */
const STILL_EVERY_MS = 200;
/** A room that Backlot called us into has its state, or gets it at once. */
const STATE_TIMEOUT_MS = 20_000;
/** Attribute of a participant that publishes for an agent; agents' UIs look for it. */
const ON_BEHALF = 'lk.publish_on_behalf';

/** What a composition logs to; agents bring a pino of their own. */
export interface CompositionLog {
  warn(facts: object, message: string): void;
}

export interface CompositionOptions {
  /** Joined, without subscribing. */
  readonly room: Room;
  /** The compiled `keyer.wasm`. */
  readonly keyer: WebAssembly.Module;
  readonly log: CompositionLog;
}

/** One session's server render in its LiveKit room: the avatar's tracks in, the program's out, by the state that Backlot tells. */
export class Composition implements AsyncDisposable {
  /** Resolves to why it is over: the session is, or the room. Rejects when a picture can't be composed. */
  readonly over: Promise<string>;
  readonly #options: CompositionOptions;
  readonly #avatar: AvatarTracks;
  readonly #feed: RoomStateFeed;
  readonly #background: BackgroundFeed;
  readonly #timers: readonly NodeJS.Timeout[];
  readonly #disconnected = (): void => this.#end('the room is left');
  readonly #peopleChanged = (): void => void this.#speakForAgent();
  #end: (reason: string) => void = () => undefined;
  #fail: (error: Error) => void = () => undefined;
  #state: LivekitRoomState | null = null;
  #compositor: PictureCompositor | null = null;
  #program: ProgramTracks | null = null;
  #isPublished = false;
  #picture: VideoFrame | null = null;
  #arrivedAtMs = 0;
  #sentAtMs = 0;
  #onBehalf = '';

  constructor(options: CompositionOptions) {
    const { room } = options;
    this.#options = options;
    this.over = new Promise((resolve, reject) => {
      this.#end = resolve;
      this.#fail = reject;
    });
    this.#background = new BackgroundFeed((background, transitionMs) => this.#show(background, transitionMs), options.log);
    this.#avatar = new AvatarTracks(room, {
      picture: (frame, arrivedAtMs) => {
        this.#arrivedAtMs = arrivedAtMs;
        this.#send(frame);
      },
      sound: (frame) => this.#sendSound(frame),
    });
    this.#feed = new RoomStateFeed(room, (state) => this.#follow(state));
    this.#timers = [
      setInterval(() => this.#tick(), TICK_MS),
      setTimeout(() => this.#feed.hasState || this.#end("the room has no session's state"), STATE_TIMEOUT_MS),
    ];
    room.on(RoomEvent.Disconnected, this.#disconnected);
    for (const event of PEOPLE) room.on(event, this.#peopleChanged);
    this.#peopleChanged();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { room } = this.#options;
    for (const timer of this.#timers) clearTimeout(timer);
    room.off(RoomEvent.Disconnected, this.#disconnected);
    for (const event of PEOPLE) room.off(event, this.#peopleChanged);
    this.#feed[Symbol.dispose]();
    this.#avatar[Symbol.dispose]();
    this.#background.close();
    await this.#program?.[Symbol.asyncDispose]();
  }

  #follow(state: LivekitRoomState): void {
    const before = this.#state;
    this.#state = state;
    if (state.render !== 'server') return this.#end('the session is not rendered on the server');
    if (state.status === 'ended' || state.status === 'failed') return this.#end(`the session has ${state.status}`);
    if (before === null || !isSame(before.canvas, state.canvas)) this.#changeCanvas(state).catch((error: unknown) => this.#fail(toError(error)));
    else if (!isSame(before.framing, state.framing) || !isSame(before.keying, state.keying)) this.#compositor?.configure(state);
    this.#avatar.follow(state.avatar_identity);
    void this.#background.take(state.background, state.canvas);
  }

  /** The program has one size; another one is another program. */
  async #changeCanvas(state: LivekitRoomState): Promise<void> {
    const { room, keyer } = this.#options;
    const { width, height } = state.canvas;
    const before = this.#program;
    this.#program = null;
    this.#isPublished = false;
    this.#compositor = new PictureCompositor(keyer, state);
    await before?.[Symbol.asyncDispose]();
    if (this.#program === null && isSame(this.#state?.canvas ?? {}, state.canvas))
      this.#program = new ProgramTracks({ room, width, height, rateFps: RATE_FPS });
  }

  #show(background: Uint8Array | null, transitionMs: number): void {
    this.#compositor?.setBackground(background, transitionMs);
    // At once, and not with the avatar's next picture.
    if (this.#picture !== null) this.#send(this.#picture);
  }

  #send(picture: VideoFrame): void {
    this.#picture = picture;
    // Nobody sees a picture without what belongs behind it.
    if (this.#program === null || this.#compositor === null || !this.#background.isShown) return;
    try {
      if (!this.#compositor.compose(picture, this.#program.picture, performance.now())) return;
      this.#program.sendPicture();
    } catch (error) {
      this.#fail(toError(error));
      return;
    }
    this.#sentAtMs = performance.now();
    if (!this.#isPublished) this.#publish(this.#program);
  }

  #publish(program: ProgramTracks): void {
    this.#isPublished = true;
    program.publish().catch((error: unknown) => this.#fail(toError(error)));
  }

  #sendSound(chunk: AudioFrame): void {
    if (this.#isPublished) this.#program?.sendSound(chunk);
  }

  /** Goes on without the avatar: fades at full rate, else just so that whoever joins gets a picture. */
  #tick(): void {
    const nowMs = performance.now();
    if (this.#picture === null || nowMs - this.#arrivedAtMs < STILL_AFTER_MS) return;
    const everyMs = this.#compositor?.isFading === true ? 0 : STILL_EVERY_MS;
    if (nowMs - this.#sentAtMs >= everyMs) this.#send(this.#picture);
  }

  /** With an agent in the room its UIs look for whoever publishes on its behalf; that is the program. */
  async #speakForAgent(): Promise<void> {
    const { room, log } = this.#options;
    const others = [...room.remoteParticipants.values()];
    const avatar = others.find(({ identity }) => identity === this.#state?.avatar_identity);
    const agents = others.filter((other) => other !== avatar && other.kind === ParticipantKind.AGENT && other.attributes[ON_BEHALF] === undefined);
    const agent = agents.find(({ identity }) => identity === avatar?.attributes[ON_BEHALF]) ?? agents[0];
    const onBehalf = agent?.identity ?? '';
    if (onBehalf === this.#onBehalf) return;
    this.#onBehalf = onBehalf;
    await room.localParticipant
      ?.setAttributes({ [ON_BEHALF]: onBehalf })
      .catch((error: unknown) => log.warn({ err: toError(error) }, "the agent's name could not be taken on"));
  }
}

/** Whether two parts of the state are equal; they come from JSON. */
const isSame = (left: object, right: object): boolean => JSON.stringify(left) === JSON.stringify(right);

/** What may bring an agent, or take it away. */
const PEOPLE = [RoomEvent.ParticipantConnected, RoomEvent.ParticipantDisconnected, RoomEvent.ParticipantAttributesChanged] as const;
