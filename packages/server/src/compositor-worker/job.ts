// One session's compositor, in a process of its own: what the worker of `backlot compositor` runs for each job.
import { AutoSubscribe, defineAgent, type JobContext, log } from '@livekit/agents';
import { toError } from '../errors.js';
import { Composition } from './composition.js';
import { logToStandardError } from './log-to-standard-error.js';
import { Succession } from './succession.js';
import { loadKeyer } from '../media/compositor/load-keyer.js';

logToStandardError();
const keyer = loadKeyer();

/** The worker is gone, and this process ends soon: whoever else there is takes over, while this one still composes. */
const callSuccessor = ({ info, job, room }: JobContext): void => {
  const { url, apiKey = '', apiSecret = '' } = info;
  new Succession({ url, apiKey, apiSecret })
    .replace(room.name ?? '', job.id)
    .catch((error: unknown) => log().error({ err: toError(error) }, 'the worker is gone; no other compositor could be called'));
};

export default defineAgent({
  entry: async (context) => {
    process.once('disconnect', () => callSuccessor(context));
    await context.connect(undefined, AutoSubscribe.SUBSCRIBE_NONE);
    await using composition = new Composition({ room: context.room, keyer: await keyer, log: log() });
    const reason = await composition.over;
    log().info({ reason }, 'composition over');
    context.shutdown(reason);
  },
});
