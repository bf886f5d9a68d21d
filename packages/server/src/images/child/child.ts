// Entry of an image child: decodes one image at a time and writes pictures of it. Started by `ImageChild` under
// limits; knows nothing of the server but the messages.
import { once } from 'node:events';
import { join } from 'node:path';
import sharp from 'sharp';
import { type ChildReply, type PrepareCommand, prepareCommand } from '../messages.js';
import { decode, readHeader } from './decode.js';
import { isHeicLoaded } from './heic.js';
import { isTransparent, writePicture } from './picture.js';
import { toRefusal } from './refusal.js';

// Everything that libvips could open is closed, then the five formats are opened again. Raw pixels always work.
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({ operation: ['VipsForeignLoadJpeg', 'VipsForeignLoadPng', 'VipsForeignLoadWebp', 'VipsForeignLoadHeif', 'VipsForeignLoadNsgif'] });
// One image after the other, each once: a cache of operations would only hold memory.
sharp.cache(false);

// WebAssembly's memory never shrinks.
const afterwards = () => ({ rssBytes: process.memoryUsage.rss(), spent: isHeicLoaded() });

/** The next bytes of standard input. */
const readInput = async (sizeBytes: number): Promise<Buffer> => {
  const { stdin } = process;
  const bytes = Buffer.allocUnsafe(sizeBytes);
  for (let length = 0; length < sizeBytes;) {
    const part = stdin.read(Math.min(stdin.readableLength, sizeBytes - length)) as Buffer | null;
    if (part === null) await once(stdin, 'readable');
    else length += part.copy(bytes, length);
  }
  return bytes;
};

const prepare = async ({ file, ...command }: PrepareCommand): Promise<ChildReply> => {
  const job = { ...command, input: typeof file === 'string' ? file : await readInput(file) };
  const header = await readHeader(job);
  const pixels = await decode(job, header);
  const { mediaType, size, frames, hasAlpha, orientation } = header;
  const transparent = hasAlpha && isTransparent(pixels);
  const outputs = await Promise.all(
    command.outputs.map((output, index) => writePicture(pixels, size, output, transparent, join(command.outputFolder, String(index)))),
  );
  return { type: 'prepared', job: command.job, image: { mediaType, ...size, frames, transparent, orientation }, outputs, ...afterwards() };
};

const reply = (message: ChildReply): void => {
  process.send?.(message);
};

process.on('message', (message) => {
  const command = prepareCommand.parse(message);
  prepare(command)
    .catch((error: unknown): ChildReply => {
      const refusal = toRefusal(error);
      return { type: 'refused', job: command.job, code: refusal.code, reason: refusal.message.slice(0, 2000), ...afterwards() };
    })
    .then(reply, () => process.exit(1));
});
// A parent that is gone, however it went, leaves no children.
process.on('disconnect', () => process.exit(0));
reply({ type: 'ready' });
