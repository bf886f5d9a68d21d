import type { Sound } from './visemes.js';
import { TRACK_STEP_MS } from './visemes.js';

/** What the aligner hears: one value per {@link TRACK_STEP_MS}. */
export interface Heard {
  /** Loudness relative to the loudest, 0..1. */
  readonly loudness: Float32Array;
  /** Share of samples at which the signal crosses zero, 0..1: high for hisses. */
  readonly crossings: Float32Array;
}

/** Measures samples (mono) at `rateHz`. */
export const hear = (samples: Int16Array, rateHz: number): Heard => {
  const step = (rateHz * TRACK_STEP_MS) / 1000;
  const length = Math.ceil(samples.length / step);
  const loudness = new Float32Array(length);
  const crossings = new Float32Array(length);
  let peak = 1;
  for (let at = 0; at < length; at += 1) {
    const start = Math.floor(at * step);
    const end = Math.min(samples.length, Math.floor((at + 1) * step));
    let energy = 0;
    let crossed = 0;
    let last = samples[start] ?? 0;
    for (let index = start; index < end; index += 1) {
      const value = samples[index] ?? 0;
      energy += value * value;
      if (value >= 0 !== last >= 0) crossed += 1;
      last = value;
    }
    const rms = Math.sqrt(energy / Math.max(1, end - start));
    loudness[at] = rms;
    // Near silence, crossings say nothing.
    crossings[at] = rms > 60 ? crossed / Math.max(1, end - start) : 0;
    peak = Math.max(peak, rms);
  }
  for (let at = 0; at < length; at += 1) loudness[at] = (loudness[at] ?? 0) / peak;
  return { loudness, crossings };
};

/** How ill a sound fits what is heard. */
const misfit = (sound: Sound, loudness: number, crossings: number): number => {
  switch (sound.kind) {
    case 'pause':
      return loudness * 5;
    case 'vowel':
      return Math.max(0, 0.55 - loudness) * 1.8 + Math.max(0, crossings - 0.16) * 4;
    case 'fricative':
      return Math.max(0, 0.24 - crossings) * 3 + Math.max(0, loudness - 0.6);
    case 'stop':
      return Math.max(0, loudness - 0.2) * 1.6;
    case 'sonorant':
      return Math.abs(loudness - 0.5) * 0.8 + Math.max(0, crossings - 0.16) * 3;
  }
};

/** Sounds last at least two steps; pauses may vanish. */
const SHORTEST_STEPS = 2;

/**
 * Finds where each sound ends, in steps: the division of what is heard that fits the sounds and their usual lengths
 * best (dynamic programming over explicit lengths). The last end is the length of what is heard.
 */
export const align = (sounds: readonly Sound[], heard: Heard): readonly number[] => {
  const length = heard.loudness.length;
  if (sounds.length === 0) return [];
  const width = length + 1;
  const cost = new Float64Array(width * (sounds.length + 1)).fill(Number.POSITIVE_INFINITY);
  const from = new Int32Array(width * (sounds.length + 1));
  const sums = new Float64Array(width);
  cost[0] = 0;
  for (const [index, sound] of sounds.entries()) {
    for (let at = 0; at < length; at += 1) sums[at + 1] = (sums[at] ?? 0) + misfit(sound, heard.loudness[at] ?? 0, heard.crossings[at] ?? 0);
    const usual = sound.usualMs / TRACK_STEP_MS;
    const shortest = sound.kind === 'pause' ? 0 : SHORTEST_STEPS;
    const longest = sound.kind === 'pause' ? 90 : Math.ceil(usual * 3);
    for (let end = 0; end <= length; end += 1) {
      let best = Number.POSITIVE_INFINITY;
      let bestStart = 0;
      for (let steps = shortest; steps <= Math.min(longest, end); steps += 1) {
        const start = end - steps;
        const reached = cost[index * width + start] ?? Number.POSITIVE_INFINITY;
        if (reached === Number.POSITIVE_INFINITY) continue;
        const off = Math.log((steps + 0.5) / (usual + 0.5));
        const total = reached + (sums[end] ?? 0) - (sums[start] ?? 0) + (sound.kind === 'pause' ? 0 : off * off * 1.2);
        if (total < best) {
          best = total;
          bestStart = start;
        }
      }
      cost[(index + 1) * width + end] = best;
      from[(index + 1) * width + end] = bestStart;
    }
  }
  if (cost[sounds.length * width + length] === Number.POSITIVE_INFINITY) return proportional(sounds, length);
  const ends: number[] = [];
  let end = length;
  for (let index = sounds.length; index > 0; index -= 1) {
    ends[index - 1] = end;
    end = from[index * width + end] ?? 0;
  }
  return ends;
};

/** Divides `length` steps by the sounds' usual lengths alone. */
export const proportional = (sounds: readonly Sound[], length: number): readonly number[] => {
  let total = 0;
  for (const sound of sounds) total += sound.usualMs;
  let passed = 0;
  return sounds.map((sound) => {
    passed += sound.usualMs;
    return Math.round((passed / total) * length);
  });
};
