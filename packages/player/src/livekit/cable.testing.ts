import { createSocket, type RemoteInfo, type Socket as Datagrams } from 'node:dgram';
import { once } from 'node:events';
import { createServer, connect as connectTcp, type Server, type Socket } from 'node:net';
import type { Page } from 'playwright-core';

/** A way to a TCP port of this machine that can be cut. */
export class Cable implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isCut = false;

  private constructor(port: number) {
    this.#server = createServer((socket) => {
      if (this.#isCut) return void socket.destroy();
      const onwards = connectTcp(port, '127.0.0.1');
      for (const [from, to] of [
        [socket, onwards],
        [onwards, socket],
      ] as const) {
        this.#sockets.add(from);
        from.on('error', () => undefined).on('close', () => to.destroy());
        from.pipe(to);
      }
    });
  }

  static async lay(port: number): Promise<Cable> {
    const cable = new Cable(port);
    cable.#server.listen(0, '127.0.0.1');
    await once(cable.#server, 'listening');
    return cable;
  }

  /** The port at this end. */
  get port(): number {
    const address = this.#server.address();
    return address !== null && typeof address === 'object' ? address.port : 0;
  }

  /** Ends what goes over it, and lets nothing new through. */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }

  mend(): void {
    this.#isCut = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** A way for a page's WebRTC to a UDP port of this machine that can be cut, without anybody being told. */
export class MediaCable implements AsyncDisposable {
  readonly #near: Datagrams;
  readonly #far = new Map<string, Datagrams>();
  readonly #port: number;
  #isCut = false;

  private constructor(port: number, near: Datagrams) {
    this.#port = port;
    this.#near = near;
    near.on('message', (data, from) => {
      if (!this.#isCut) this.#farEndOf(from).send(data, this.#port, '127.0.0.1');
    });
  }

  static async lay(port: number): Promise<MediaCable> {
    const near = createSocket('udp4').bind(0, '127.0.0.1');
    await once(near, 'listening');
    return new MediaCable(port, near);
  }

  /** Lets the WebRTC of a page that is not open yet know of no other way. */
  async plugIn(page: Page): Promise<void> {
    await page.addInitScript((port) => {
      const Real = RTCPeerConnection;
      const here = (candidate: string) => candidate.replace(/ \S+ \d+ typ /, ` 127.0.0.1 ${port} typ `);
      const isUdp = (candidate: string) => / udp /i.test(candidate);
      const redirect = (sdp: string) =>
        sdp
          .split('\r\n')
          .flatMap((line) => (line.startsWith('a=candidate') ? (isUdp(line) ? [here(line)] : []) : [line]))
          .join('\r\n');
      // The other side learns where the page is from what comes through the cable.
      const withoutCandidates = (sdp: string | undefined) => (sdp ?? '').replace(/a=candidate.*\r\n/g, '');
      const Cabled = class extends Real {
        constructor(...all: ConstructorParameters<typeof Real>) {
          super(...all);
          const [offer, answer] = [this.createOffer.bind(this), this.createAnswer.bind(this)];
          const [setRemote, addCandidate] = [this.setRemoteDescription.bind(this), this.addIceCandidate.bind(this)];
          const stripped = ({ type, sdp }: RTCSessionDescriptionInit) => ({ type, sdp: withoutCandidates(sdp) });
          Object.assign(this, {
            createOffer: async (options?: RTCOfferOptions) => stripped(await offer(options)),
            createAnswer: async (options?: RTCAnswerOptions) => stripped(await answer(options)),
            setRemoteDescription: ({ type, sdp }: RTCSessionDescriptionInit) => setRemote({ type, sdp: redirect(sdp ?? '') }),
            addIceCandidate: async (init?: RTCIceCandidateInit | null) => {
              const candidate = init?.candidate ?? '';
              if (init != null && isUdp(candidate)) await addCandidate({ ...init, candidate: here(candidate) });
            },
          });
          // Not told to the other side either.
          Object.defineProperty(this, 'onicecandidate', { get: () => null, set: () => {} });
        }
      };
      Object.assign(globalThis, { RTCPeerConnection: Cabled });
    }, this.#near.address().port);
  }

  /** Drops whatever is sent. */
  cut(): void {
    this.#isCut = true;
  }

  mend(): void {
    this.#isCut = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of [this.#near, ...this.#far.values()]) await new Promise<void>((resolve) => socket.close(() => resolve()));
  }

  #farEndOf({ address, port }: RemoteInfo): Datagrams {
    const key = `${address} ${port}`;
    const known = this.#far.get(key);
    if (known !== undefined) return known;
    const socket = createSocket('udp4').on('message', (data) => {
      if (!this.#isCut) this.#near.send(data, port, address);
    });
    this.#far.set(key, socket);
    return socket;
  }
}
