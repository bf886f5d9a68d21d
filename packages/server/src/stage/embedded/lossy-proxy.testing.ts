import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

/** Stands between one peer and a UDP port of this machine, and drops packets at random, both ways. */
export class LossyProxy implements AsyncDisposable {
  readonly port: number;
  /** Share of packets to drop, 0 to 1. */
  loss = 0;
  /** Picks packets on their way to the peer that are dropped in any case. */
  picks: (packet: Buffer) => boolean = () => false;
  dropped = 0;
  readonly #sockets: readonly Socket[];

  private constructor(outer: Socket, inner: Socket, target: number) {
    this.port = outer.address().port;
    this.#sockets = [outer, inner];
    let peer: { readonly port: number; readonly address: string } | null = null;
    outer.on('message', (packet, from) => {
      peer = from;
      if (this.#passes()) inner.send(packet, target, '127.0.0.1');
    });
    inner.on('message', (packet) => {
      if (peer !== null && !this.picks(packet) && this.#passes()) outer.send(packet, peer.port, peer.address);
    });
  }

  /** Opens a proxy in front of `target`. */
  static async open(target: number): Promise<LossyProxy> {
    const sockets = [createSocket('udp4'), createSocket('udp4')] as const;
    for (const socket of sockets) {
      socket.bind(0);
      await once(socket, 'listening');
    }
    return new LossyProxy(sockets[0], sockets[1], target);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.close();
  }

  #passes(): boolean {
    if (Math.random() >= this.loss) return true;
    this.dropped += 1;
    return false;
  }
}
