import { describe, expect, it } from 'vitest';
import { AUDIO_CHUNK_SAMPLES } from '../../../source.js';
import { createSilence } from '../pose.js';
import { createStandIn } from '../stand-in.js';
import { align, hear } from './align.js';
import { findEspeak, listVoices, synthesize } from './espeak.js';
import { resample } from './resample.js';
import { createSpeaker, MAX_WAITING } from './speaker.js';
import { prepareSilent, prepareSpoken } from './utterance.js';
import { soundsOfIpa } from './visemes.js';

const espeak = await findEspeak();
const signal = new AbortController().signal;

const record = () => {
  const events: string[] = [];
  return {
    events,
    observer: {
      speechStarted: (speech: { speechId: string; durationMs: number; audible: boolean }): void =>
        void events.push(`started ${speech.speechId} ${speech.durationMs} ${speech.audible}`),
      speechEnded: (speechId: string): void => void events.push(`ended ${speechId}`),
    },
  };
};

describe('a presenter without a voice', () => {
  it('reads 14 characters a second with captions and moving lips', async () => {
    const { events, observer } = record();
    const speaker = createSpeaker(async (text) => prepareSilent(text), observer);
    await expect(speaker.speak('say_1', 'Hello out there, my friend.')).resolves.toEqual({ audible: false });
    const chunk = new Int16Array(AUDIO_CHUNK_SAMPLES);
    const talk = createSilence();
    let open = 0;
    for (let index = 0; index < 300; index += 1) {
      speaker.readAudio(chunk);
      expect(chunk.every((sample) => sample === 0)).toBe(true);
      speaker.talkAt(index / 100, talk);
      open = Math.max(open, talk.open);
    }
    expect(events).toEqual(['started say_1 1930 false', 'ended say_1']);
    expect(open).toBeGreaterThan(0.4);
    expect(talk.open).toBe(0);
  });
});

describe('the queue', () => {
  it('says texts in the order in which they came, and one at a time', async () => {
    const { events, observer } = record();
    const speaker = createSpeaker(async (text) => prepareSilent(text), observer);
    await Promise.all(['a', 'b', 'c'].map((id) => speaker.speak(id, 'Hi there')));
    const chunk = new Int16Array(AUDIO_CHUNK_SAMPLES);
    for (let index = 0; index < 600; index += 1) speaker.readAudio(chunk);
    expect(events.map((event) => event.split(' ', 2).join(' '))).toEqual(['started a', 'ended a', 'started b', 'ended b', 'started c', 'ended c']);
  });

  it('refuses the ninth that waits, takes one again when one has begun, and goes on after one that fails', async () => {
    const { events, observer } = record();
    const speaker = createSpeaker(async (text) => {
      if (text === 'bad') throw new Error('no such voice');
      return prepareSilent(text);
    }, observer);
    await expect(speaker.speak('x', 'bad')).rejects.toThrow('no such voice');
    for (let index = 0; index < MAX_WAITING; index += 1) await speaker.speak(`${index}`, 'Hi');
    await expect(speaker.speak('more', 'Hi')).rejects.toMatchObject({ code: 'speech_busy' });
    speaker.readAudio(new Int16Array(AUDIO_CHUNK_SAMPLES));
    expect(events).toHaveLength(1);
    await expect(speaker.speak('more', 'Hi')).resolves.toEqual({ audible: false });
  });

  it('stops what is being prepared when it is closed', async () => {
    const speaker = createSpeaker(
      (_text, closing) =>
        new Promise((_resolve, reject) => {
          closing.addEventListener('abort', () => reject(closing.reason as Error));
        }),
      record().observer,
    );
    const speaking = speaker.speak('a', 'Hello');
    // The preparing begins in a microtask.
    await Promise.resolve();
    speaker.close();
    await expect(speaking).rejects.toThrow('abort');
    await expect(speaker.speak('b', 'Hello')).rejects.toMatchObject({ code: 'session_ended' });
  });
});

describe('resample', () => {
  it('keeps a tone and its level', () => {
    const tone = Int16Array.from({ length: 22_050 }, (_, index) => 10_000 * Math.sin((2 * Math.PI * 1000 * index) / 22_050));
    const out = resample(tone, 22_050, 48_000);
    expect(out).toHaveLength(48_000);
    let worst = 0;
    for (let index = 100; index < 47_900; index += 1)
      worst = Math.max(worst, Math.abs((out[index] ?? 0) - 10_000 * Math.sin((2 * Math.PI * 1000 * index) / 48_000)));
    expect(worst).toBeLessThan(60);
  });
});

describe.skipIf(espeak === null)('a presenter with espeak-ng', () => {
  const path = espeak ?? '';

  it('offers voices that it has', async () => {
    const voices = await listVoices(path);
    expect(voices).toContain('en-us');
    expect(new Set(voices).size).toBe(voices.length);
    expect(await listVoices(null)).toEqual([]);
  });

  it('prepares audio as long as it says, with lips that close for m and open for a', async () => {
    const utterance = await prepareSpoken(path, 'en-us', 'Mama. Mama. A second sentence follows here.', signal);
    expect(utterance.samples?.length).toBe(utterance.durationMs * 48);
    expect(utterance.mouth.length).toBe(utterance.durationMs / 10);
    const open = [...utterance.mouth.open];
    expect(Math.max(...open)).toBeGreaterThan(0.6);
    // Shut, open, shut, open: the first word alone.
    const states = open
      .slice(0, 55)
      .map((value) => (value < 0.08 ? 'shut' : value > 0.4 ? 'open' : ''))
      .filter((state) => state !== '');
    expect(states.filter((state, index) => state !== states[index - 1]).slice(0, 4)).toEqual(['shut', 'open', 'shut', 'open']);
  });

  it('finds the vowels where the voice is loud and the s where it hisses', async () => {
    const spoken = await synthesize(path, 'en-us', 'See Anna sing a song so soft.', signal);
    const heard = hear(spoken.samples, spoken.rateHz);
    const sounds = soundsOfIpa(spoken.ipa);
    const ends = align(sounds, heard);
    expect(ends.at(-1)).toBe(heard.loudness.length);
    const mean = (kind: string, values: Float32Array): number => {
      let sum = 0;
      let count = 0;
      for (const [index, sound] of sounds.entries()) {
        if (sound.kind !== kind) continue;
        for (let at = ends[index - 1] ?? 0; at < (ends[index] ?? 0); at += 1) {
          sum += values[at] ?? 0;
          count += 1;
        }
      }
      return sum / count;
    };
    expect(mean('vowel', heard.loudness)).toBeGreaterThan(2 * mean('fricative', heard.loudness));
    expect(mean('fricative', heard.crossings)).toBeGreaterThan(3 * mean('vowel', heard.crossings));
  });

  it('takes hostile text as text', async () => {
    const utterance = await prepareSpoken(path, 'en-us', '--version <speak>\u0000 $(id) 🙂', signal);
    expect(utterance.durationMs).toBeGreaterThan(300);
  });

  it('rejects for a voice that does not exist and when aborted', async () => {
    await expect(synthesize(path, 'zz-nothing', 'Hello', signal)).rejects.toThrow('ended with');
    await expect(synthesize(path, 'en-us', 'Hello', AbortSignal.abort())).rejects.toThrow('abort');
  });

  it('speaks on air: voice, captions, lips at rest before, in motion meanwhile, at rest after', async () => {
    const { events, observer } = record();
    await using standIn = await createStandIn({ width: 640, height: 360, rateFps: 25, espeakPath: path, observer });
    expect(await standIn.speak('say_1', 'Hello.')).toEqual({ audible: true });
    const frame = new Uint8Array(640 * 360 * 1.5);
    const chunk = new Int16Array(AUDIO_CHUNK_SAMPLES);
    let loud = 0;
    let chunks = 0;
    for (let index = 0; index < 60; index += 1) {
      for (; chunks < index * 4; chunks += 1) {
        standIn.readAudio(chunk);
        if (chunk.some((sample) => Math.abs(sample) > 1000)) loud += 1;
      }
      standIn.readVideo(index, frame);
    }
    expect(loud).toBeGreaterThan(15);
    expect(events[0]).toMatch(/^started say_1 \d+ true$/);
    expect(events.slice(1)).toEqual(['ended say_1']);
  });
});

describe('createStandIn', () => {
  it('refuses sizes that 4:2:0 cannot hold', async () => {
    await expect(createStandIn({ width: 641, height: 360, rateFps: 25, espeakPath: null, observer: record().observer })).rejects.toThrow(TypeError);
  });
});
