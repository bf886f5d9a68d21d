/**
 * How long the upload of a 10 MB photo takes, from the request to the answer: received, stored durably, decoded in a
 * child under limits, its thumbnail and both canvases' pictures made and stored. Beside it the same three pictures
 * made by bare sharp from a file that is there already, in turns on the same machine.
 */
import { startBacklot } from '@backlot/testing';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { type BenchRow, percentile, report } from '../report.js';
import { makeLargePhoto } from './photo.js';

const ROUNDS = 30;
const WARM_UP = 5;
const BOXES = [
  [320, 180],
  [1280, 720],
  [720, 1280],
] as const;

const { values: options } = parseArgs({ options: { json: { type: 'string' } } });

const folder = await mkdtemp(join(tmpdir(), 'backlot-bench-'));
try {
  await using backlot = await startBacklot();
  const photo = await makeLargePhoto();
  const path = join(folder, 'photo.jpg');
  await writeFile(path, photo);

  /** Bytes after the end of a JPEG are no part of the picture: each upload is new to the server. */
  const upload = async (round: number): Promise<void> => {
    const form = new FormData();
    form.set('title', `Photo ${round}`);
    form.set('image', new File([new Uint8Array(photo), String(round)], 'photo.jpg'));
    const { status, body } = await backlot.api('POST', '/v1/background-images', form);
    if (status !== 201) throw new Error(`the upload answered ${status}: ${JSON.stringify(body)}`);
  };
  const render = ([width, height]: readonly [number, number]) =>
    sharp(path)
      .autoOrient()
      .resize(width, height, { fit: 'cover' })
      .jpeg({ quality: 88 })
      .toFile(join(folder, `${width}.jpg`));
  const bareTogether = () => Promise.all(BOXES.map(render));
  const bareInTurn = async (): Promise<void> => {
    for (const box of BOXES) await render(box);
  };

  const times = { upload: new Array<number>(), together: new Array<number>(), inTurn: new Array<number>() };
  const measure = async (samples: number[], round: number, work: () => Promise<unknown>): Promise<void> => {
    const start = performance.now();
    await work();
    if (round >= WARM_UP) samples.push(performance.now() - start);
  };
  for (let round = 0; round < ROUNDS + WARM_UP; round++) {
    await measure(times.upload, round, () => upload(round));
    await measure(times.together, round, bareTogether);
    await measure(times.inTurn, round, bareInTurn);
  }

  const name = `upload of ${(photo.byteLength / 1024 / 1024).toFixed(1)} MB, 24 MP`;
  const rows: BenchRow[] = [50, 95].map((percent) => ({
    case: name,
    metric: `p${percent}`,
    value: percentile(times.upload, percent),
    unit: 'ms',
    peer: 'bare sharp, three at once',
    peer_value: percentile(times.together, percent),
  }));
  rows.push(
    { case: name, metric: 'p50', value: percentile(times.upload, 50), unit: 'ms', peer: 'bare sharp, one by one', peer_value: percentile(times.inTurn, 50) },
    {
      case: name,
      metric: 'ratio of p50',
      value: percentile(times.upload, 50) / percentile(times.together, 50),
      unit: '×',
      goal: '≤ 1.15',
      peer: 'bare sharp, three at once',
      peer_value: 1,
    },
  );
  await report(`${ROUNDS} uploads and the same pictures by bare sharp, in turns`, rows, options.json);
} finally {
  await rm(folder, { recursive: true, force: true });
}
