import { isIP } from 'node:net';
import { BacklotError } from '../../errors.js';
import type { AddressPolicy, Protocol } from './address-policy.js';

/** Where a request goes: an address whose text has been checked, not yet what its name resolves to. */
export interface Target {
  /** What of it is sent has neither fragment nor user name. */
  readonly url: URL;
  readonly protocol: Protocol;
  readonly port: number;
}

export interface TargetRules {
  readonly policy: AddressPolicy;
  readonly protocols: readonly Protocol[];
  /** What an address that is none is called. */
  readonly invalid: 'invalid_image_url' | 'invalid_webhook_url';
}

const MAX_URL_LENGTH = 8192;
/** The URL parser silently drops or rewrites these. */
const isTidy = (text: string): boolean => text.length > 0 && text.length <= MAX_URL_LENGTH && !/[\p{Cc} \\]/u.test(text);

const DEFAULT_PORTS: Readonly<Record<Protocol, number>> = { 'https:': 443, 'http:': 80 };

/** Whether a name can only mean a host of the public DNS. A single label would go through the resolver's search list. */
const isQualifiedName = (hostname: string): boolean => {
  const name = hostname.replace(/\.$/, '');
  const labels = name.split('.');
  return name.length <= 253 && labels.length >= 2 && labels.every((label) => label.length > 0 && label.length <= 63);
};

/** A URL's host without the brackets of IPv6. */
export const hostOf = (url: URL): string => url.hostname.replace(/^\[(.*)\]$/, '$1');

/**
 * Checks an address before anything is asked of the network. With `base`, it may be relative: a redirect.
 * Throws `invalid_image_url` or `invalid_webhook_url`, and `url_not_allowed`.
 */
export const readTarget = (text: unknown, { policy, protocols, invalid }: TargetRules, base?: URL): Target => {
  if (typeof text !== 'string' || !isTidy(text) || !URL.canParse(text, base?.href)) throw new BacklotError(invalid);
  const url = new URL(text, base);
  const protocol = protocols.find((candidate) => candidate === url.protocol);
  if (protocol === undefined || url.username !== '' || url.password !== '') throw new BacklotError(invalid);
  const port = url.port === '' ? DEFAULT_PORTS[protocol] : Number(url.port);
  if (!policy.isPortAllowed(protocol, port)) throw new BacklotError(invalid);
  const host = hostOf(url);
  const isReachable = isIP(host) === 0 ? isQualifiedName(host) : policy.isAllowed(host, protocol, port);
  if (!isReachable) throw new BacklotError('url_not_allowed');
  return { url, protocol, port };
};
