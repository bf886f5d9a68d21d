import { PictureCompositor } from '@backlot/server/dist/media/compositor/picture-compositor.js';
import { loadBackground } from '@backlot/server/dist/media/compositor/load-background.js';
import { loadKeyer } from '@backlot/server/dist/media/compositor/load-keyer.js';
import { drawPerson } from '@backlot/server/dist/compositor-worker/person.testing.js';
import { percentile } from '../report.js';

const [WIDTH, HEIGHT] = [1280, 720];
const WARM_UP = 60;
const PICTURES = 300;

/** What keying and copying one picture of 1280 × 720 takes, in milliseconds of one core; the median. */
export const measureComposing = async (): Promise<number> => {
  const looks = { canvas: { width: WIDTH, height: HEIGHT }, framing: { scale: 1, x: 0, y: 0, crop: 'none' as const }, keying: {} };
  const compositor = new PictureCompositor(await loadKeyer(), looks);
  compositor.setBackground(await loadBackground({ kind: 'color', color: '#204060' }, WIDTH, HEIGHT), 0);
  const person = drawPerson(WIDTH, HEIGHT);
  const picture = { data: person.data, width: WIDTH, height: HEIGHT };
  const into = new Uint8Array((WIDTH * HEIGHT * 3) / 2);
  const times: number[] = [];
  for (let index = 0; index < WARM_UP + PICTURES; index++) {
    person.count(index);
    const startedAtMs = performance.now();
    compositor.compose(picture, into, startedAtMs);
    if (index >= WARM_UP) times.push(performance.now() - startedAtMs);
  }
  return percentile(times, 50);
};
