const TAPS = 24;
const PHASES = 320;

/**
 * Resamples mono 16-bit audio with a Hann-windowed sinc of 24 taps. Upwards only (`toHz` ≥ `fromHz`); the result has
 * round(n × toHz / fromHz) samples.
 */
export const resample = (samples: Int16Array, fromHz: number, toHz: number): Int16Array => {
  if (fromHz === toHz) return samples;
  if (fromHz > toHz) throw new TypeError(`Resampling goes upwards only: from ${fromHz} Hz to ${toHz} Hz is downwards.`);
  const kernel = new Float32Array((PHASES + 1) * TAPS);
  for (let phase = 0; phase <= PHASES; phase += 1) {
    let sum = 0;
    for (let tap = 0; tap < TAPS; tap += 1) {
      const x = tap - TAPS / 2 + 1 - phase / PHASES;
      const value = (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x)) * (0.5 + 0.5 * Math.cos((2 * Math.PI * x) / (TAPS + 1)));
      kernel[phase * TAPS + tap] = value;
      sum += value;
    }
    for (let tap = 0; tap < TAPS; tap += 1) kernel[phase * TAPS + tap] = (kernel[phase * TAPS + tap] ?? 0) / sum;
  }
  const length = Math.round((samples.length * toHz) / fromHz);
  const out = new Int16Array(length);
  for (let index = 0; index < length; index += 1) {
    const position = (index * fromHz) / toHz;
    const whole = Math.floor(position);
    const row = Math.round((position - whole) * PHASES) * TAPS;
    let sum = 0;
    for (let tap = 0; tap < TAPS; tap += 1) sum += (kernel[row + tap] ?? 0) * (samples[whole + tap - TAPS / 2 + 1] ?? 0);
    out[index] = Math.max(-32_768, Math.min(32_767, Math.round(sum)));
  }
  return out;
};
