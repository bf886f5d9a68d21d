import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { LIVEKIT_TOPIC, type LivekitRoomState } from '@backlot/contract';
import { AccessToken, DataPacket_Kind, RoomServiceClient } from 'livekit-server-sdk';
import { roomState } from './room-state.testing.js';
import type { PeerCommand, ViewerReport } from './peer.testing.js';

// What runs in processes of its own is the built code.
const built = (name: string): string => fileURLToPath(new URL(`../../dist/compositor-worker/${name}`, import.meta.url));

/** A LiveKit server, as the tests start it. */
export interface Livekit {
  readonly url: string;
  readonly apiKey: string;
  readonly apiSecret: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A participant in a process of its own. */
export interface Peer extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly send: (command: PeerCommand) => void;
  /** Sends a command and resolves to its answer. */
  readonly ask: (command: PeerCommand) => Promise<unknown>;
}

/** Starts an avatar or a viewer, and waits until it publishes or has joined. `more`: the avatar's size, or whom the viewer watches. */
export const startPeer = async (livekit: Livekit, role: 'avatar' | 'viewer', room: string, identity: string, ...more: readonly string[]): Promise<Peer> => {
  const token = new AccessToken(livekit.apiKey, livekit.apiSecret, { identity });
  token.addGrant({ roomJoin: true, room });
  if (role === 'avatar') token.kind = 'agent';
  const child = fork(built('peer.testing.js'), [role, livekit.url, await token.toJwt(), ...more]);
  const answer = async (): Promise<unknown> => {
    const ended = new AbortController();
    const lost = once(child, 'exit', { signal: ended.signal }).then(([code]) => {
      throw new Error(`The ${role} ended with ${String(code)}.`);
    });
    try {
      const [message] = (await Promise.race([once(child, 'message'), lost])) as [unknown];
      return message;
    } finally {
      ended.abort();
      lost.catch(() => undefined);
    }
  };
  await answer();
  return {
    child,
    send: (command) => void child.send(command),
    ask: async (command) => {
      const answered = answer();
      child.send(command);
      return answered;
    },
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
};

/** What a viewer has seen and heard since it was asked last. */
export const reportOf = async (viewer: Peer): Promise<ViewerReport> => (await viewer.ask({ type: 'report' })) as ViewerReport;

/** A started `backlot compositor`. */
export interface StartedCompositor extends AsyncDisposable {
  readonly process: ChildProcess;
  readonly output: () => string;
}

/** Starts the worker and waits until it is ready. Rejects with what it printed when it ends before that. */
export const startCompositor = async (env: Readonly<Record<string, string>>): Promise<StartedCompositor> => {
  const child = spawn(process.execPath, [built('main.js')], {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], BACKLOT_LOG_LEVEL: 'info', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const ready = new Promise<void>((resolve, reject) => {
    const collect = (chunk: Buffer): void => {
      output += chunk.toString();
      if (output.includes('is ready')) resolve();
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.once('exit', (code, signal) => reject(new Error(`The compositor ended (${code ?? signal}) before it was ready:\n${output}`)));
  });
  await ready;
  return {
    process: child,
    output: () => output,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
};

/** Tells a session's state in its room, as Backlot does. */
export class RoomDirector {
  readonly #rooms: RoomServiceClient;
  readonly #room: string;
  state: LivekitRoomState;
  /** When the last change was told, by a clock that all processes of a machine share. */
  toldAtMs = 0;

  constructor(livekit: Livekit, room: string, state: Partial<LivekitRoomState> = {}) {
    this.#rooms = new RoomServiceClient(livekit.url, livekit.apiKey, livekit.apiSecret);
    this.#room = room;
    this.state = roomState(state);
  }

  /** Makes the room with the state in its metadata. */
  async open(): Promise<void> {
    await this.#rooms.createRoom({ name: this.#room, metadata: JSON.stringify({ [LIVEKIT_TOPIC]: this.state }), emptyTimeout: 60 });
  }

  /** Changes the state: in the metadata, and told at once. */
  async tell(change: Partial<LivekitRoomState>): Promise<void> {
    this.state = { ...this.state, ...change, revision: this.state.revision + 1 };
    const message = new TextEncoder().encode(JSON.stringify({ type: 'state', state: this.state }));
    await this.#rooms.sendData(this.#room, message, DataPacket_Kind.RELIABLE, { topic: LIVEKIT_TOPIC });
    this.toldAtMs = performance.timeOrigin + performance.now();
    await this.#rooms.updateRoomMetadata(this.#room, JSON.stringify({ [LIVEKIT_TOPIC]: this.state }));
  }

  /** Puts another background behind the avatar. */
  async setColor(color: string, transitionMs = 0): Promise<void> {
    const { background } = this.state;
    await this.tell({
      background: { ...background, background_version: background.background_version + 1, color, image_url: null, transition_ms: transitionMs },
    });
  }

  async participants(): ReturnType<RoomServiceClient['listParticipants']> {
    return this.#rooms.listParticipants(this.#room);
  }

  async close(): Promise<void> {
    await this.#rooms.deleteRoom(this.#room);
  }
}
