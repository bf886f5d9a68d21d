import type { LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { callbackify } from 'node:util';
import { Agent, buildConnector } from 'undici';
import { BacklotError, toError } from '../../errors.js';
import type { AddressPolicy, Protocol } from './address-policy.js';

/** Finds all addresses of a name; rejects when there is none. */
export type Lookup = (hostname: string) => Promise<readonly LookupAddress[]>;

export interface GuardedAgentOptions {
  readonly policy: AddressPolicy;
  readonly protocol: Protocol;
  readonly port: number;
  readonly lookup: Lookup;
  /** Certificates to trust instead of the well-known ones. */
  readonly ca: string | undefined;
  /** For finding the address, connecting and TLS together. */
  readonly connectTimeoutMs: number;
  /** Ends a connection, also one that is being made. */
  readonly signal: AbortSignal;
}

/** The same for whatever is wrong with a host, lest callers learn names of our network. */
const notAllowed = (cause?: unknown): BacklotError => new BacklotError('url_not_allowed', cause === undefined ? {} : { cause });

/**
 * An agent for one request that reaches only what the policy allows. Literals are checked before connecting, since
 * Node never looks them up; every address of a name in the lookup of that very socket, so that no second answer of a
 * name server counts; and the peer once it is connected. The caller destroys it.
 */
export const createGuardedAgent = ({ policy, protocol, port, lookup, ca, connectTimeoutMs, signal }: GuardedAgentOptions): Agent => {
  const isAllowed = (address: string | undefined): boolean => address !== undefined && policy.isAllowed(address, protocol, port);
  const find = callbackify(async (hostname: string): Promise<readonly LookupAddress[]> => {
    const found = await lookup(hostname).catch((thrown: unknown) => {
      throw notAllowed(thrown);
    });
    // One bad address is enough: Node would go on to it when a good one doesn't answer.
    if (found.length === 0 || !found.every(({ address }) => isAllowed(address))) throw notAllowed();
    return found;
  });
  const guardedLookup: LookupFunction = (hostname, { all }, callback) => {
    find(hostname, (error: Error | null, found) => {
      const [first] = error === null ? found : [];
      if (first === undefined) callback(error, []);
      else if (all === true) callback(null, [...found]);
      else callback(null, first.address, first.family);
    });
  };
  const dial = buildConnector({ allowH2: false, timeout: connectTimeoutMs, lookup: guardedLookup, signal, ...(ca === undefined ? {} : { ca }) });
  return new Agent({
    allowH2: false,
    connect: (options, done) => {
      if (isIP(options.hostname) !== 0 && !isAllowed(options.hostname)) {
        done(notAllowed(), null);
        return;
      }
      dial(options, (error, socket) => {
        if (error !== null) {
          done(toError(error), null);
        } else if (isAllowed(socket.remoteAddress)) {
          done(null, socket);
        } else {
          socket.destroy();
          done(notAllowed(), null);
        }
      });
    },
  });
};
