// A process that fetches one image by the operator's leave and prints its type and size.
import { pino } from 'pino';
import { SafeFetcher } from './safe-fetcher.js';

const [url, address = '', port, ca = ''] = process.argv.slice(2);
const fetcher = new SafeFetcher({
  allow: [{ cidr: address, port: Number(port) }],
  lookup: async () => [{ address, family: 4 }],
  ca,
  log: pino({ level: 'silent' }),
});
const { mediaType, bytes } = await fetcher.fetchImage(url, { organizationId: 'org_1', signal: new AbortController().signal });
process.stdout.write(`${mediaType} ${bytes.byteLength}`);
