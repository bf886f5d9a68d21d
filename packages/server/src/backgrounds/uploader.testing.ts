// A process that uploads until it is killed: prints `id sha256` once an upload is acknowledged.
import sharp from 'sharp';
import { openTestLibrary, ORGANIZATION } from './library.testing.js';

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new TypeError('the folder is missing');
const { library } = await openTestLibrary({ folder });
process.stdout.write('ready\n');
const upload = async (): Promise<void> => {
  for (;;) {
    const background = { r: Math.random() * 255, g: Math.random() * 255, b: Math.random() * 255 };
    const bytes = await sharp({ create: { width: 640, height: 360, channels: 3, background, noise: { type: 'gaussian', mean: 128, sigma: 30 } } })
      .jpeg()
      .toBuffer();
    const image = await library.service.create(ORGANIZATION, { title: 'x', bytes });
    process.stdout.write(`${image.id} ${image.sha256}\n`);
  }
};
await Promise.all([upload(), upload(), upload()]);
