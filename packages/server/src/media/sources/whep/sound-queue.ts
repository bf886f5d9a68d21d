/** Enough to ride out the jitter of two event loops, little enough to stay with the lips. */
const TO_START_SAMPLES = 48 * 30;
const MOST_SAMPLES = 48 * 100;

/** Received sound on its way from one clock to another: starts with a little in hand, and drops the oldest rather than growing late. */
export class SoundQueue {
  readonly #ring = new Int16Array(48 * 400);
  #start = 0;
  #length = 0;
  #isFlowing = false;

  /** Samples that wait. */
  get length(): number {
    return this.#length;
  }

  /** Takes interleaved samples, of which `frames` make 10 ms, as mono. */
  write(samples: Int16Array, channels: number): void {
    const frames = Math.floor(samples.length / channels);
    for (let frame = 0; frame < frames; frame++) {
      let sum = 0;
      for (let channel = 0; channel < channels; channel++) sum += samples[frame * channels + channel] ?? 0;
      this.#ring[(this.#start + this.#length) % this.#ring.length] = sum / channels;
      if (this.#length < this.#ring.length) this.#length++;
      else this.#start = (this.#start + 1) % this.#ring.length;
    }
    if (this.#length > MOST_SAMPLES) this.#skip(this.#length - TO_START_SAMPLES);
    if (this.#length >= TO_START_SAMPLES) this.#isFlowing = true;
  }

  /** Fills `into`; with silence while there is not enough. */
  read(into: Int16Array): void {
    if (this.#length < into.length) this.#isFlowing = false;
    if (!this.#isFlowing) {
      into.fill(0);
      return;
    }
    for (let index = 0; index < into.length; index++) into[index] = this.#ring[(this.#start + index) % this.#ring.length] ?? 0;
    this.#skip(into.length);
  }

  #skip(samples: number): void {
    this.#start = (this.#start + samples) % this.#ring.length;
    this.#length -= samples;
  }
}
