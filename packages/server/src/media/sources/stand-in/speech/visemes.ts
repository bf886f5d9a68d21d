import { clamp01 } from '../curves.js';

/** How a sound behaves in the signal: what the aligner looks for. */
export type SoundClass = 'vowel' | 'fricative' | 'stop' | 'sonorant' | 'pause';

/** One sound and the mouth that makes it. */
export interface Sound {
  readonly kind: SoundClass;
  /** Usual length in milliseconds. */
  readonly usualMs: number;
  /** 0 closed .. 1 wide open. */
  readonly open: number;
  /** −1 rounded .. 1 spread. */
  readonly wide: number;
  /** 0..1: lip and teeth meet. */
  readonly teeth: number;
  /** 0..1: the tongue shows. */
  readonly tongue: number;
  /** The lips must touch. */
  readonly closed: boolean;
}

/** Mouth shapes at 100 per second, each of `length` values. */
export interface MouthTrack {
  readonly length: number;
  readonly open: Float32Array;
  readonly wide: Float32Array;
  readonly teeth: Float32Array;
  readonly tongue: Float32Array;
  /** Loudness 0..1, smoothed over a syllable. */
  readonly stress: Float32Array;
}

/** Milliseconds of one value of a {@link MouthTrack}. */
export const TRACK_STEP_MS = 10;

const sound = (kind: SoundClass, usualMs: number, open: number, wide: number, teeth = 0, tongue = 0, closed = false): Sound => ({
  kind,
  usualMs,
  open,
  wide,
  teeth,
  tongue,
  closed,
});

/** Between clauses. */
export const PAUSE: Sound = sound('pause', 220, 0, 0);

// By the symbols of the International Phonetic Alphabet (2020 chart), first letter decides.
const SOUNDS: ReadonlyMap<string, Sound> = new Map<string, Sound>([
  ...each('aɑäɐ', sound('vowel', 110, 0.92, 0.1)),
  ...each('æɛe', sound('vowel', 100, 0.68, 0.6)),
  ...each('iɪyj', sound('vowel', 85, 0.34, 0.95)),
  ...each('ʌəɜɚɝɘɤɨᵻ', sound('vowel', 80, 0.48, 0.1)),
  ...each('ɔoɒɵ', sound('vowel', 110, 0.68, -0.7)),
  ...each('uʊʏøœɯ', sound('vowel', 95, 0.32, -0.95)),
  ...each('wʍɥ', sound('sonorant', 65, 0.16, -1)),
  ...each('mɱ', sound('sonorant', 75, 0, 0, 0, 0, true)),
  ...each('pbɓ', sound('stop', 75, 0, 0, 0, 0, true)),
  ...each('fvβɸʋ', sound('fricative', 85, 0.12, 0.15, 0.9)),
  ...each('szɕʑ', sound('fricative', 95, 0.16, 0.6, 1)),
  ...each('ʃʒʂʐʧʤ', sound('fricative', 100, 0.24, -0.75, 0.9)),
  ...each('θðɹɻ', sound('sonorant', 70, 0.28, 0, 0.3, 0.7)),
  ...each('tdʈɖ', sound('stop', 65, 0.2, 0.3, 0.5, 0.4)),
  ...each('nɲɳŋ', sound('sonorant', 70, 0.22, 0.25, 0.2, 0.5)),
  ...each('lɭʎɬɫ', sound('sonorant', 65, 0.34, 0.2, 0, 1)),
  ...each('rɾʁʀ', sound('sonorant', 60, 0.28, -0.3)),
  ...each('kɡgqcɟxɣχʔ', sound('stop', 70, 0.28, 0.1)),
  ...each('hħɦç', sound('fricative', 60, 0.4, 0.1)),
]);

function each(symbols: string, value: Sound): readonly (readonly [string, Sound])[] {
  return [...symbols].map((symbol) => [symbol, value] as const);
}

const DIPHTHONG_END: ReadonlyMap<string, string> = new Map([
  ['ɪ', 'ɪ'],
  ['i', 'i'],
  ['ʊ', 'ʊ'],
  ['u', 'u'],
  ['ə', 'ə'],
]);

/** The sounds of a phonetic transcription by `espeak-ng --ipa --sep=_`: `_` parts sounds, a line is a clause. */
export const soundsOfIpa = (ipa: string): readonly Sound[] => {
  const sounds: Sound[] = [];
  for (const clause of ipa.split('\n')) {
    const before = sounds.length;
    for (const token of clause.split(/[_\s]+/)) {
      const letters = [...token].filter((letter) => SOUNDS.has(letter));
      const first = SOUNDS.get(letters[0] ?? '');
      if (first === undefined) continue;
      const long = token.includes('ː') ? 1.5 : 1;
      // An affricate is told by its second half, a diphthong needs both.
      const second = letters[1];
      if (first.kind === 'stop' && second !== undefined) sounds.push(SOUNDS.get(second) ?? first);
      else if (first.kind === 'vowel' && second !== undefined && DIPHTHONG_END.has(second)) {
        sounds.push({ ...first, usualMs: 95 }, { ...(SOUNDS.get(second) ?? first), usualMs: 60 });
      } else sounds.push(long === 1 ? first : { ...first, usualMs: first.usualMs * long });
    }
    if (sounds.length > before) sounds.push(PAUSE);
  }
  return sounds;
};

const LETTERS: ReadonlyMap<string, string> = new Map([
  ['c', 'k'],
  ['x', 's'],
  ['q', 'k'],
  ['y', 'ɪ'],
  ['j', 'ʒ'],
  ['ä', 'ɛ'],
  ['ö', 'ø'],
  ['ü', 'y'],
  ['é', 'e'],
  ['ß', 's'],
]);

/** Sounds guessed from spelling, one per character, for a presenter without a voice. */
export const soundsOfText = (text: string): readonly Sound[] =>
  [...text.toLowerCase()].map((letter) => {
    if (/[.,;:!?…—\n]/u.test(letter)) return PAUSE;
    if (/\s/u.test(letter)) return sound('stop', 71, 0.12, 0);
    // A script that isn't Latin still moves the lips.
    return SOUNDS.get(LETTERS.get(letter) ?? letter) ?? sound('vowel', 71, 0.3 + (0.3 * ((letter.codePointAt(0) ?? 0) % 3)) / 2, 0.2);
  });

/** Empty tracks of `length` values. */
export const createTrack = (length: number): MouthTrack => ({
  length,
  open: new Float32Array(length),
  wide: new Float32Array(length),
  teeth: new Float32Array(length),
  tongue: new Float32Array(length),
  stress: new Float32Array(length),
});

/**
 * Writes the sounds into `track` from value `from` on. `ends[i]` is where sound i ends, counted from `from`;
 * `loudness` (0..1, one per value, or null) opens vowels as far as they are loud. Neighbouring shapes flow into each
 * other as lips do; what needs closed lips still closes them.
 */
export const writeMouth = (track: MouthTrack, from: number, sounds: readonly Sound[], ends: readonly number[], loudness: Float32Array | null): void => {
  const length = ends.at(-1) ?? 0;
  const raw = createTrack(length);
  const seal = new Float32Array(length).fill(1);
  let start = 0;
  for (const [index, entry] of sounds.entries()) {
    const end = ends[index] ?? start;
    for (let at = start; at < end; at += 1) {
      const loud = loudness?.[at] ?? 0.7;
      raw.open[at] = entry.open * (entry.kind === 'vowel' ? 0.45 + 0.55 * Math.sqrt(loud) : 1);
      raw.wide[at] = entry.wide;
      raw.teeth[at] = entry.teeth;
      raw.tongue[at] = entry.tongue;
      raw.stress[at] = entry.kind === 'pause' ? 0 : loud;
    }
    if (entry.closed) for (let at = Math.max(0, start - 2); at < Math.min(length, end + 1); at += 1) seal[at] = at < start ? (start - at) / 3 : 0;
    start = end;
  }
  smooth(raw.open, 3, track.open, from);
  smooth(raw.wide, 5, track.wide, from);
  smooth(raw.teeth, 3, track.teeth, from);
  smooth(raw.tongue, 3, track.tongue, from);
  smooth(raw.stress, 14, track.stress, from);
  for (let at = 0; at < length; at += 1) track.open[from + at] = clamp01((track.open[from + at] ?? 0) * 1.12) * (seal[at] ?? 1);
};

/** Centred triangular mean over ± `reach` values, nothing outside. */
const smooth = (values: Float32Array, reach: number, into: Float32Array, from: number): void => {
  for (let at = 0; at < values.length; at += 1) {
    let sum = 0;
    let weights = 0;
    for (let offset = -reach; offset <= reach; offset += 1) {
      const weight = reach + 1 - Math.abs(offset);
      sum += weight * (values[at + offset] ?? 0);
      weights += weight;
    }
    into[from + at] = sum / weights;
  }
};
