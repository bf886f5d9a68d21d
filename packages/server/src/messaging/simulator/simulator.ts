import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import { createBlooioProvider } from '../blooio/provider.js';
import type { MessagingProvider } from '../port.js';
import type { ProviderTimeouts } from '../provider-client.js';
import { FaultSwitch } from './faults.js';
import { SimulatedPhones } from './phones.js';
import { startSimulatorServer } from './server.js';

export interface SimulatorOptions {
  /** Where its chats and wallpapers are kept. */
  readonly folder: string;
  readonly log: Logger;
  readonly now?: () => Date;
  readonly timeouts?: ProviderTimeouts;
  /** Waits before each further try of a webhook, in milliseconds. */
  readonly webhookRetriesMs?: readonly number[];
}

/** A messaging provider without any account: phones that don't exist, reached over a real wire. */
export interface Simulator extends AsyncDisposable {
  /** The Blooio adapter, pointed at the simulator's own server. */
  readonly provider: MessagingProvider;
  readonly phones: SimulatedPhones;
  readonly faults: FaultSwitch;
}

/** Opens the simulator; disposing it ends its provider too. */
export const openSimulator = async ({ folder, log, now, timeouts, webhookRetriesMs }: SimulatorOptions): Promise<Simulator> => {
  const phones = await SimulatedPhones.open({
    folder,
    log,
    ...(now === undefined ? {} : { now }),
    ...(webhookRetriesMs === undefined ? {} : { webhookRetriesMs }),
  });
  const faults = new FaultSwitch();
  const apiKey = `sim_${randomBytes(24).toString('base64url')}`;
  const server = await startSimulatorServer({ phones, faults, apiKey });
  const blooio = createBlooioProvider({
    name: 'simulator',
    baseUrl: server.url,
    apiKey,
    phoneNumber: phones.phoneNumber,
    log,
    ...(timeouts === undefined ? {} : { timeouts }),
  });
  return {
    provider: blooio,
    phones,
    faults,
    [Symbol.asyncDispose]: async () => {
      await blooio[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      await phones[Symbol.asyncDispose]();
    },
  };
};
