import { type Address, isPublic, isWithin, type Network, readAddress, readNat64Prefix, readNetwork } from './public-address.js';

/** Addresses that the operator lets in, at one port. */
export interface AllowedNetwork {
  /** An address, or a network such as `10.0.0.0/8`. */
  readonly cidr: string;
  readonly port: number;
}

export interface AddressPolicyOptions {
  readonly allow: readonly AllowedNetwork[];
  /** Prefixes of networks with NAT64, such as `64:ff9b::/96`: what counts is the IPv4 address behind them. */
  readonly nat64Prefixes: readonly string[];
}

/** Protocols of addresses that requests may go to. */
export type Protocol = 'https:' | 'http:';

const HTTPS_PORT = 443;

const network = (text: string): Network => {
  const read = readNetwork(text);
  if (read === null) throw new TypeError(`${JSON.stringify(text)} is not an address or a network such as 10.0.0.0/8`);
  return read;
};

/** Link-local, and where clouds tell a machine its secrets. No setting opens these. */
const NEVER: readonly Network[] = ['169.254.0.0/16', 'fe80::/10', '168.63.129.16', '100.100.100.200', '192.0.0.192', 'fd00:ec2::254'].map(network);
/** For hidden metadata addresses: whether the operator set it or not, the network may translate it. RFC 6052 §2.1. */
const WELL_KNOWN_NAT64 = network('64:ff9b::/96');

const isNever = (address: Address): boolean => {
  const inner = readAddress(address.toString(), [WELL_KNOWN_NAT64]) ?? address;
  return NEVER.some((never) => isWithin(inner, never));
};

/**
 * Reads an entry of the operator's list: `address[/length][:port]`, IPv6 in brackets when a port follows. Without a
 * port it is 443. Null when it is none, or when all of it is link-local or metadata, which can't be let in.
 */
export const readAllowedNetwork = (text: string): AllowedNetwork | null => {
  const match = /^(?:\[([^\]]+)\]|([0-9./]+)|([0-9a-f:./]+)$)(?::(\d{1,5}))?$/i.exec(text);
  const cidr = match?.[1] ?? match?.[2] ?? match?.[3];
  const port = Number(match?.[4] ?? HTTPS_PORT);
  if (cidr === undefined || port < 1 || port > 65_535) return null;
  const read = readNetwork(cidr);
  if (read === null || NEVER.some((never) => never[1] <= read[1] && isWithin(read[0], never))) return null;
  return { cidr, port };
};

/** Which addresses requests may be sent to: the public ones by https, and those that the operator lets in. */
export class AddressPolicy {
  readonly #allow: readonly { readonly network: Network; readonly port: number }[];
  readonly #nat64Prefixes: readonly Network[];

  /** Throws `TypeError` for what is no network. */
  constructor({ allow, nat64Prefixes }: AddressPolicyOptions) {
    this.#allow = allow.map(({ cidr, port }) => ({ network: network(cidr), port }));
    this.#nat64Prefixes = nat64Prefixes.map((text) => {
      const prefix = readNat64Prefix(text);
      if (prefix === null) throw new TypeError(`${JSON.stringify(text)} is not a NAT64 prefix such as 64:ff9b::/96`);
      return prefix;
    });
  }

  /** Whether any address may be reached so; which ones is another question. */
  isPortAllowed(protocol: Protocol, port: number): boolean {
    return (protocol === 'https:' && port === HTTPS_PORT) || this.#allow.some((entry) => entry.port === port);
  }

  /** Whether an address, as sockets and resolvers write it, may be reached. */
  isAllowed(text: string, protocol: Protocol, port: number): boolean {
    const address = readAddress(text, this.#nat64Prefixes);
    if (address === null || isNever(address)) return false;
    if (this.#allow.some((entry) => entry.port === port && isWithin(address, entry.network))) return true;
    return protocol === 'https:' && port === HTTPS_PORT && isPublic(address);
  }
}
