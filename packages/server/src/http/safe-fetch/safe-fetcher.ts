import type { LookupAddress } from 'node:dns';
import { lookup as lookupName } from 'node:dns/promises';
import { isIP } from 'node:net';
import { MAX_IMAGE_BYTES } from '@backlot/contract';
import type { Logger } from 'pino';
import { type Dispatcher, request } from 'undici';
import { BacklotError, toError } from '../../errors.js';
import { type ImageFormat, SNIFF_BYTES, sniffImage } from '../../images/sniff.js';
import { AddressPolicy, type AllowedNetwork } from './address-policy.js';
import { FetchSlots } from './fetch-slots.js';
import { createGuardedAgent, type Lookup } from './guarded-agent.js';
import { hostOf, readTarget, type Target, type TargetRules } from './target.js';

/** Limits of what is fetched; times in milliseconds. */
export interface SafeFetchLimits {
  /** For a whole image, redirects and body included. Default: 10 s. */
  readonly timeoutMs: number;
  /** For finding a host's address, connecting and TLS together. Default: 3 s. */
  readonly connectTimeoutMs: number;
  /** Largest image. Default: 10 × 1024 × 1024. */
  readonly maxBytes: number;
  /** Images fetched at once for one organization. Default: 4. */
  readonly maxPerOrganization: number;
  /** Images fetched at once. Default: 16. */
  readonly maxPerProcess: number;
  /** Fetches that wait for their turn. Default: 256. */
  readonly maxWaiting: number;
  /** How long they wait. Default: 15 s: twenty that come at once have a turn on a slow disk, too. */
  readonly maxWaitMs: number;
}

export interface SafeFetcherOptions {
  /** What the operator lets in besides the public internet. Default: nothing. */
  readonly allow?: readonly AllowedNetwork[];
  /** Prefixes of networks with NAT64. Default: none. */
  readonly nat64Prefixes?: readonly string[];
  readonly limits?: Partial<SafeFetchLimits>;
  readonly log: Logger;
  /** For tests: finds the addresses of names. Default: the system's resolver. */
  readonly lookup?: Lookup;
  /** For tests: certificates to trust instead of the well-known ones, PEM. */
  readonly ca?: string;
}

/** An image that was fetched. */
export interface FetchedImage {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** By its first bytes, whatever the server called it. */
  readonly mediaType: 'image/jpeg' | 'image/png' | 'image/gif' | 'image/webp' | 'image/heic';
}

/** What a webhook endpoint answered. */
export interface PostAnswer {
  readonly status: number;
  /** The `Retry-After` header as it came; null without one. */
  readonly retryAfter: string | null;
}

const DEFAULT_LIMITS: SafeFetchLimits = {
  timeoutMs: 10_000,
  connectTimeoutMs: 3_000,
  maxBytes: MAX_IMAGE_BYTES,
  maxPerOrganization: 4,
  maxPerProcess: 16,
  maxWaiting: 256,
  maxWaitMs: 15_000,
};
const MAX_REDIRECTS = 3;
const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];
const MAX_DISCARDED_BYTES = 64 * 1024;
const USER_AGENT = 'Backlot';
/** Nothing of ours goes along: no cookies, no keys, no referrer. */
const IMAGE_HEADERS = { 'user-agent': USER_AGENT, accept: 'image/*', 'accept-encoding': 'identity' };
/** AVIF is not among them: messaging providers don't take it. */
const MEDIA_TYPES: Readonly<Record<Exclude<ImageFormat, 'avif'>, FetchedImage['mediaType']>> = {
  jpeg: 'image/jpeg',
  png: 'image/png',
  gif: 'image/gif',
  webp: 'image/webp',
  heic: 'image/heic',
};

const tooLarge = (): BacklotError => new BacklotError('image_too_large', { status: 422 });
const failed = (cause: Error): BacklotError => new BacklotError('image_fetch_failed', { cause });

/** The one value of a header; null when it is absent or there are several. */
const single = (header: string | string[] | undefined): string | null => (typeof header === 'string' && header !== '' ? header : null);

/**
 * Reads a body, counting while it comes. Copied into one buffer, so that many small pieces hold no more memory than a
 * large one; it is as large as the server announced, and grows when that was a lie.
 */
const readBody = async (body: AsyncIterable<Uint8Array>, announcedBytes: number, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> => {
  let bytes = new Uint8Array(announcedBytes > 0 ? announcedBytes : 64 * 1024);
  let length = 0;
  for await (const chunk of body) {
    const needed = length + chunk.byteLength;
    if (needed > maxBytes) throw tooLarge();
    if (needed > bytes.byteLength) {
      const larger = new Uint8Array(Math.min(maxBytes, Math.max(needed, bytes.byteLength * 2)));
      larger.set(bytes.subarray(0, length));
      bytes = larger;
    }
    bytes.set(chunk, length);
    length = needed;
  }
  return bytes.subarray(0, length);
};

/** What takers of images need of it. */
export type ImageFetcher = Pick<SafeFetcher, 'fetchImage'>;

/**
 * Sends requests to addresses that strangers chose, and only to the public internet: never to our own network, and
 * never with anything of ours.
 */
export class SafeFetcher {
  readonly #policy: AddressPolicy;
  readonly #limits: SafeFetchLimits;
  readonly #slots: FetchSlots;
  readonly #lookup: Lookup;
  readonly #ca: string | undefined;
  readonly #log: Logger;
  readonly #imageRules: TargetRules;
  readonly #postRules: TargetRules;

  constructor({ allow = [], nat64Prefixes = [], limits, log, lookup, ca }: SafeFetcherOptions) {
    this.#policy = new AddressPolicy({ allow, nat64Prefixes });
    this.#limits = { ...DEFAULT_LIMITS, ...limits };
    this.#slots = new FetchSlots(this.#limits);
    this.#lookup = lookup ?? (async (hostname) => lookupName(hostname, { all: true }));
    this.#ca = ca;
    this.#log = log;
    this.#imageRules = { policy: this.#policy, protocols: ['https:'], invalid: 'invalid_image_url' };
    this.#postRules = { policy: this.#policy, protocols: ['https:', 'http:'], invalid: 'invalid_webhook_url' };
  }

  /**
   * Downloads an image. `signal` is whoever asked for it going away; the time-out is our own. Throws
   * `invalid_image_url`, `url_not_allowed`, `image_fetch_failed`, `image_too_large` (422 here), `unsupported_image_type`,
   * `image_fetch_busy`, and the signal's reason.
   */
  async fetchImage(url: unknown, { organizationId, signal }: { readonly organizationId: string; readonly signal: AbortSignal }): Promise<FetchedImage> {
    const target = readTarget(url, this.#imageRules);
    return this.#slots.run(organizationId, signal, async () => {
      const startedAtMs = performance.now();
      const deadline = new AbortController();
      // Not `AbortSignal.timeout`, whose timer stays for all of its time.
      const timer = setTimeout(() => deadline.abort(new Error('the time is over')), this.#limits.timeoutMs);
      let outcome = 'fetched';
      try {
        return await this.#follow(target, AbortSignal.any([signal, deadline.signal]));
      } catch (thrown) {
        const error = thrown instanceof BacklotError ? thrown : failed(toError(thrown));
        outcome = error.code;
        signal.throwIfAborted();
        throw error;
      } finally {
        clearTimeout(timer);
        // Path and query stay out: signed addresses are secrets.
        this.#log.info({ host: target.url.hostname, outcome, durationMs: Math.round(performance.now() - startedAtMs) }, 'image fetch');
      }
    });
  }

  /**
   * Refuses a webhook's address that would never be reached: `https`, or `http` where the operator's list names address
   * and port. A name that can't be resolved at the moment passes. Throws `invalid_webhook_url`, `url_not_allowed`.
   */
  async check(url: string): Promise<void> {
    const { url: parsed, protocol, port } = readTarget(url, this.#postRules);
    const host = hostOf(parsed);
    if (isIP(host) !== 0) return;
    const found = await this.#resolveSoon(host);
    if (found !== null && !found.every(({ address }) => this.#policy.isAllowed(address, protocol, port))) throw new BacklotError('url_not_allowed');
  }

  /**
   * Posts to a webhook's address. A redirect is an answer like others; the answer's body is discarded, at most 64 KB of
   * it are read. Throws `invalid_webhook_url`, `url_not_allowed`, the signal's reason, or what the connection died of.
   */
  async post(
    url: string,
    { headers, body, signal }: { readonly headers: Readonly<Record<string, string>>; readonly body: string; readonly signal: AbortSignal },
  ): Promise<PostAnswer> {
    const target = readTarget(url, this.#postRules);
    try {
      return await this.#send(
        target,
        { method: 'POST', headers: { 'user-agent': USER_AGENT, 'accept-encoding': 'identity', ...headers }, body, signal },
        async (answer) => {
          // The status says it all: what becomes of the rest doesn't matter.
          await answer.body.dump({ limit: MAX_DISCARDED_BYTES, signal }).catch(() => null);
          return { status: answer.statusCode, retryAfter: single(answer.headers['retry-after']) };
        },
      );
    } catch (thrown) {
      if (!(thrown instanceof BacklotError)) signal.throwIfAborted();
      throw toError(thrown);
    }
  }

  /** Addresses of a name; null when the name server doesn't answer in time or has trouble of its own. */
  async #resolveSoon(host: string): Promise<readonly LookupAddress[] | null> {
    const late = new Promise<null>((resolve) => setTimeout(resolve, this.#limits.connectTimeoutMs, null).unref());
    const found = this.#lookup(host).catch((thrown: unknown) => {
      if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOTFOUND') throw new BacklotError('url_not_allowed', { cause: thrown });
      return null;
    });
    return Promise.race([found, late]);
  }

  async #follow(first: Target, signal: AbortSignal): Promise<FetchedImage> {
    let target = first;
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const answer = await this.#send(target, { method: 'GET', headers: IMAGE_HEADERS, signal }, async (response) => this.#readAnswer(response));
      if (typeof answer !== 'string') return answer;
      target = readTarget(answer, this.#imageRules, target.url);
    }
    throw failed(new Error(`more than ${MAX_REDIRECTS} redirects`));
  }

  /** The image, or where to look for it instead. */
  async #readAnswer({ statusCode, headers, body }: Dispatcher.ResponseData): Promise<FetchedImage | string> {
    const { maxBytes } = this.#limits;
    if (REDIRECTS.includes(statusCode)) {
      const location = single(headers['location']);
      if (location === null) throw failed(new Error('a redirect without one location'));
      return location;
    }
    if (statusCode !== 200) throw failed(new Error(`status ${statusCode}`));
    // Nothing to inflate means nothing that blows up.
    if ((headers['content-encoding'] ?? 'identity') !== 'identity') throw failed(new Error('a content encoding'));
    // The HTTP parser lets no other than whole numbers through.
    const announcedBytes = Number(headers['content-length'] ?? 0);
    if (announcedBytes > maxBytes) throw tooLarge();
    const bytes = await readBody(body, announcedBytes, maxBytes);
    if (bytes.byteLength === 0) throw failed(new Error('an empty body'));
    const format = sniffImage(bytes.subarray(0, SNIFF_BYTES));
    if (format === null || format === 'avif') throw new BacklotError('unsupported_image_type');
    return { bytes, mediaType: MEDIA_TYPES[format] };
  }

  /** One request on a connection of its own, which ends with it. */
  async #send<Result>(
    { url, protocol, port }: Target,
    options: Pick<Dispatcher.RequestOptions, 'method' | 'headers' | 'body'> & { readonly signal: AbortSignal },
    read: (response: Dispatcher.ResponseData) => Promise<Result>,
  ): Promise<Result> {
    const agent = createGuardedAgent({
      policy: this.#policy,
      protocol,
      port,
      lookup: this.#lookup,
      ca: this.#ca,
      connectTimeoutMs: this.#limits.connectTimeoutMs,
      signal: options.signal,
    });
    try {
      const response = await request(url, { ...options, dispatcher: agent });
      return await read(response);
    } finally {
      await agent.destroy();
    }
  }
}
