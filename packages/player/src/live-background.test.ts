import type { Background } from '@backlot/keyer/webgl';
import { describe, expect, it } from 'vitest';
import { LiveBackground } from './live-background.js';
import type { BackgroundState } from './session-events.js';

const state = (version: number, color: string | null, transitionMs = 400): BackgroundState => ({
  has_background: color !== null,
  background_id: null,
  background_version: version,
  image_url: null,
  color,
  fit: 'cover',
  transition_ms: transitionMs,
});

const record = () => {
  const shown: [Background, number, number][] = [];
  return { shown, background: new LiveBackground('https://host/v1/sessions/sess_x', (...all) => shown.push(all)) };
};

describe('LiveBackground', () => {
  it('shows what it finds at once, and fades what comes after', async () => {
    const { shown, background } = record();
    await background.take(state(3, '#112233'));
    await background.take(state(4, null, 250));
    expect(shown).toEqual([
      [{ kind: 'color', color: '#112233' }, 3, 0],
      [{ kind: 'none' }, 4, 250],
    ]);
  });

  it('ignores what is stale or known', async () => {
    const { shown, background } = record();
    await background.take(state(5, '#000000'));
    await background.take(state(4, '#ffffff'));
    await background.take(state(5, '#ffffff'));
    expect(shown.map(([, version]) => version)).toEqual([5]);
    expect(background.version).toBe(5);
  });

  it('shows only the newest of those that arrive together', async () => {
    const { shown, background } = record();
    await Promise.all([background.take(state(1, '#111111')), background.take(state(2, '#222222')), background.take(state(3, '#333333'))]);
    expect(shown.map(([, version]) => version)).toEqual([3]);
  });
});
