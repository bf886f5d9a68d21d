import type {
  BeginSimulatedChatInput,
  SimulatedChat,
  SimulatedChatDetail,
  SimulatedMessage,
  SimulatorEvent,
  SimulatorFaults,
  SimulatorFaultsInput,
} from '@backlot/contract';
import { type EventsOptions, followEvents } from './event-stream.js';
import type { CallOptions, CreateOptions, Transport } from './transport.js';

/**
 * The simulated phone, which is there while the messaging provider is the simulator; else every method throws
 * `BacklotApiError` `route_not_found`.
 */
export interface SimulatorApi {
  /** Newest message first. */
  chats(options?: CallOptions): Promise<readonly SimulatedChat[]>;
  /** As the other person sees it, messages oldest first. */
  chat(id: string, options?: CallOptions): Promise<SimulatedChatDetail>;
  /** Lets somebody begin a chat with us. */
  begin(chat: BeginSimulatedChatInput, options?: CreateOptions): Promise<SimulatedChatDetail>;
  /** Writes as the other person. */
  write(id: string, message: { readonly text: string; readonly sender?: string }, options?: CreateOptions): Promise<SimulatedMessage>;
  /** Changes the wallpaper by hand, on the phone. */
  setWallpaper(id: string, image: Blob, options?: CallOptions): Promise<SimulatedChatDetail>;
  removeWallpaper(id: string, options?: CallOptions): Promise<SimulatedChatDetail>;
  faults(options?: CallOptions): Promise<SimulatorFaults>;
  /** Makes the simulated provider fail, wait or hang; `{}` makes it well. */
  setFaults(faults: SimulatorFaultsInput, options?: CallOptions): Promise<SimulatorFaults>;
  /** Which chats change; survives lost connections, `onOpen` says when something may have been missed. */
  events(options?: EventsOptions): AsyncGenerator<SimulatorEvent, void, undefined>;
}

const SIMULATOR = '/v1/simulator';
const CHATS = `${SIMULATOR}/chats`;
const pathOf = (id: string, rest = ''): string => `${CHATS}/${encodeURIComponent(id)}${rest}`;

/** The simulated phone by REST. */
export const createSimulatorApi = (transport: Transport): SimulatorApi => ({
  chats: async (options) => (await transport.send<{ data: readonly SimulatedChat[] }>({ method: 'GET', path: CHATS, ...options })).data,
  chat: async (id, options) => transport.send({ method: 'GET', path: pathOf(id), ...options }),
  begin: async (chat, options) => transport.send({ method: 'POST', path: CHATS, body: chat, ...options }),
  write: async (id, message, options) => transport.send({ method: 'POST', path: pathOf(id, '/messages'), body: message, ...options }),
  setWallpaper: async (id, image, options) => {
    const body = new FormData();
    body.set('image', image);
    return transport.send({ method: 'PUT', path: pathOf(id, '/wallpaper'), body, ...options });
  },
  removeWallpaper: async (id, options) => transport.send({ method: 'DELETE', path: pathOf(id, '/wallpaper'), ...options }),
  faults: async (options) => transport.send({ method: 'GET', path: `${SIMULATOR}/faults`, ...options }),
  setFaults: async (faults, options) => transport.send({ method: 'PUT', path: `${SIMULATOR}/faults`, body: faults, ...options }),
  events: (options) => followEvents<SimulatorEvent>(transport, `${SIMULATOR}/events`, ['chat'], options),
});
