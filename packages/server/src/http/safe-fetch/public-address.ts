import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** An address in its plainest form: never IPv4-mapped, never with a zone. */
export type Address = ipaddr.IPv4 | ipaddr.IPv6;
/** A network: its first address and how many leading bits count. */
export type Network = readonly [address: Address, prefixLength: number];

/** Lengths of prefixes that IPv4 addresses are embedded under. RFC 6052 §2.2. */
const NAT64_LENGTHS: readonly number[] = [32, 40, 48, 56, 64, 96];
/** Azure's host service is ordinary unicast by the registries. */
const AZURE_HOST: Network = [ipaddr.IPv4.parse('168.63.129.16'), 32];

/** Whether an address lies in a network. */
export const isWithin = (address: Address, [start, prefixLength]: Network): boolean => address.kind() === start.kind() && address.match(start, prefixLength);

/**
 * Reads an address as sockets and resolvers write it; null when it is none, or has a zone. An IPv4 address inside of
 * an IPv6 one (`::ffff:0:0/96`, or one of the NAT64 prefixes) comes out as itself.
 */
export const readAddress = (text: string, nat64Prefixes: readonly Network[] = []): Address | null => {
  const family = isIP(text);
  if (family === 0 || text.includes('%')) return null;
  if (family === 4) return ipaddr.IPv4.parse(text);
  // ipaddr.js takes `::127.0.0.1` for IPv4-mapped, which it is not: the URL parser writes it without dots.
  const address = ipaddr.IPv6.parse(new URL(`http://[${text}]`).hostname.slice(1, -1));
  if (address.isIPv4MappedAddress()) return address.toIPv4Address();
  const prefix = nat64Prefixes.find((network) => isWithin(address, network));
  return prefix === undefined ? address : embeddedIPv4(address, prefix[1]);
};

/** The IPv4 address that follows a NAT64 prefix. Octet 8 is skipped: it is always zero. RFC 6052 §2.2. */
const embeddedIPv4 = (address: ipaddr.IPv6, prefixLength: number): ipaddr.IPv4 => {
  const octets = address
    .toByteArray()
    .map((octet, index) => ({ octet, index }))
    .filter(({ index }) => index >= prefixLength / 8 && index !== 8);
  return new ipaddr.IPv4(octets.slice(0, 4).map(({ octet }) => octet));
};

/** Reads `address/length`, or an address alone as a network of one; null when it is none. */
export const readNetwork = (text: string): Network | null => {
  const [addressText = '', lengthText, ...rest] = text.split('/');
  const address = readAddress(addressText);
  if (address === null || rest.length > 0) return null;
  const maxLength = address.kind() === 'ipv4' ? 32 : 128;
  if (lengthText === undefined) return [address, maxLength];
  const length = Number(lengthText);
  return /^\d{1,3}$/.test(lengthText) && length <= maxLength ? [address, length] : null;
};

/** Reads a prefix that IPv4 addresses are embedded under, such as `64:ff9b::/96`; null when it is none. */
export const readNat64Prefix = (text: string): Network | null => {
  const network = readNetwork(text);
  return network !== null && network[0].kind() === 'ipv6' && NAT64_LENGTHS.includes(network[1]) ? network : null;
};

/**
 * Whether an address belongs to the public internet: by the IANA special-purpose registries, as ipaddr.js knows them,
 * and by stricter rules where those are too weak for IPv6.
 */
export const isPublic = (address: Address): boolean => {
  if (address.range() !== 'unicast') return false;
  if (address instanceof ipaddr.IPv4) return !isWithin(address, AZURE_HOST);
  const [first = 0, , , , fifth = 0, sixth = 0] = address.parts;
  const isGlobal = (first & 0xe000) === 0x2000;
  // Given back in 2006. RFC 3701.
  const is6bone = first === 0x3ffe;
  // Holds an IPv4 address in its last half. RFC 5214 §6.1.
  const isIsatap = (fifth & 0xfcff) === 0 && sixth === 0x5efe;
  return isGlobal && !is6bone && !isIsatap;
};
