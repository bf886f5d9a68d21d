import { MAX_NACKED, type ReceptionReport } from './rtcp.js';
import { sequenceDistance } from './rtp.js';

/** How often a missing packet is asked for before a key frame has to do. */
const MAX_TRIES = 6;
/** Time between two requests for the same packet, in milliseconds. */
const RETRY_MS = 40;
/** A jump of the sequence by more than this is a new beginning, not a loss. */
const MAX_GAP = 1000;

interface Missing {
  readonly sequence: number;
  tries: number;
  askedAtMs: number;
}

/**
 * How one stream of a publisher arrives: loss and jitter for receiver reports (RFC 3550 A.3, A.8), and which packets
 * are missing and should be asked for again. Holds at most `MAX_NACKED` missing packets.
 */
export class Reception {
  readonly mediaSsrc: number;
  readonly #clockHz: number;
  readonly #missing: Missing[] = [];
  readonly #due: number[] = [];
  #highest: number;
  #cycles = 0;
  #baseExtended: number;
  #received = 0;
  #expectedBefore = 0;
  #receivedBefore = 0;
  #jitter = 0;
  #transit: number | null = null;
  #lastReport = 0;
  #lastReportAtMs = 0;

  /** Starts with the first packet's sequence number; that packet still has to be passed to `receive`. */
  constructor(mediaSsrc: number, clockHz: number, firstSequence: number) {
    this.mediaSsrc = mediaSsrc;
    this.#clockHz = clockHz;
    this.#highest = (firstSequence - 1) & 0xffff;
    this.#baseExtended = firstSequence;
    if (firstSequence === 0) this.#cycles = -1;
  }

  /** Counts a packet. False when more is missing than can be asked for: only a key frame helps. */
  receive(sequence: number, timestamp: number, nowMs: number): boolean {
    this.#received += 1;
    this.#measureJitter(timestamp, nowMs);
    const ahead = sequenceDistance(this.#highest, sequence);
    if (ahead <= 0) {
      this.#forget(sequence);
      return true;
    }
    const gap = ahead - 1;
    if (sequence < this.#highest) this.#cycles += 1;
    const before = this.#highest;
    this.#highest = sequence;
    if (gap === 0) return true;
    if (gap > MAX_GAP) this.#baseExtended += gap;
    if (this.#missing.length + gap > MAX_NACKED) {
      this.#missing.length = 0;
      return false;
    }
    for (let index = 1; index <= gap; index++) this.#missing.push({ sequence: (before + index) & 0xffff, tries: 0, askedAtMs: -Infinity });
    return true;
  }

  /** Whether `takeDue` has anything to look at. */
  get isMissing(): boolean {
    return this.#missing.length > 0;
  }

  /**
   * Sequence numbers to ask for now, ascending; the array is reused by the next call. `gaveUp` is called once when
   * packets have been asked for often enough in vain.
   */
  takeDue(nowMs: number, gaveUp: () => void): readonly number[] {
    this.#due.length = 0;
    let kept = 0;
    let lost = false;
    for (const missing of this.#missing) {
      if (nowMs - missing.askedAtMs >= RETRY_MS) {
        if (missing.tries === MAX_TRIES) {
          lost = true;
          continue;
        }
        missing.tries += 1;
        missing.askedAtMs = nowMs;
        this.#due.push(missing.sequence);
      }
      this.#missing[kept++] = missing;
    }
    this.#missing.length = kept;
    if (lost) gaveUp();
    return this.#due;
  }

  /** Takes note of a sender report (`readNtpMiddle`), which the next receiver report will echo. */
  noteSenderReport(ntpMiddle: number, nowMs: number): void {
    this.#lastReport = ntpMiddle;
    this.#lastReportAtMs = nowMs;
  }

  /** The report since the one before. */
  takeReport(nowMs: number): ReceptionReport {
    const extended = this.#cycles * 65_536 + this.#highest;
    const expected = extended - this.#baseExtended + 1;
    const lost = expected - this.#received;
    const expectedNow = expected - this.#expectedBefore;
    const lostNow = expectedNow - (this.#received - this.#receivedBefore);
    this.#expectedBefore = expected;
    this.#receivedBefore = this.#received;
    return {
      mediaSsrc: this.mediaSsrc,
      fractionLost: expectedNow <= 0 || lostNow <= 0 ? 0 : Math.min(255, Math.floor((256 * lostNow) / expectedNow)),
      lost: Math.max(-0x80_0000, Math.min(0x7f_ffff, lost)),
      highestSequence: extended >>> 0,
      jitter: Math.floor(this.#jitter) >>> 0,
      lastReport: this.#lastReport,
      sinceLastReport: this.#lastReport === 0 ? 0 : Math.floor((65_536 * (nowMs - this.#lastReportAtMs)) / 1000) >>> 0,
    };
  }

  #measureJitter(timestamp: number, nowMs: number): void {
    const transit = (Math.floor((nowMs * this.#clockHz) / 1000) - timestamp) | 0;
    if (this.#transit !== null) this.#jitter += (Math.abs((transit - this.#transit) | 0) - this.#jitter) / 16;
    this.#transit = transit;
  }

  #forget(sequence: number): void {
    const index = this.#missing.findIndex((missing) => missing.sequence === sequence);
    if (index !== -1) this.#missing.splice(index, 1);
  }
}
