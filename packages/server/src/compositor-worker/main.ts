// `backlot compositor`: a LiveKit agent worker. LiveKit gives it the sessions that are rendered on the server, each to a
// process of its own; run it on as many machines as wanted.
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { AgentServer, InferenceRunner, initializeLogger, type JobRequest, log, ServerOptions, WorkerPermissions } from '@livekit/agents';
import { RoomServiceClient, TwirpError } from 'livekit-server-sdk';
import { ConfigError, type LivekitConfig, loadConfig } from '../config.js';
import { toError } from '../errors.js';
import { COMPOSITOR_AGENT, COMPOSITOR_IDENTITY } from '../stage/livekit/identities.js';
import { logToStandardError } from './log-to-standard-error.js';
import { JOB_ATTRIBUTE, Succession } from './succession.js';

/** A process that waits for a session, loaded: it costs memory and saves the session's first picture a second. */
const IDLE_PROCESSES = 1;
const MAX_JOB_MEMORY_MIB = 2000;
const LOST_JOBS_POLL_MS = 50;
const REACH_TIMEOUT_SECONDS = 5;
/** Sessions get so long to move to another compositor when this one stops. */
const HANDOVER_MS = 10_000;
const HARD_STOP_MS = 20_000;
/** LiveKit's server asks nobody whose load is above 0.7 (its `target_load`), so that is full. */
const FULL = 0.7;

const say = logToStandardError();
const complain = (lines: readonly string[]): never => {
  process.stderr.write(`${lines.map((line) => `backlot: ${line}`).join('\n')}\n`);
  process.exit(1);
};

const readConfig = (): ReturnType<typeof loadConfig> => {
  try {
    return loadConfig(process.env, process.cwd());
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return complain(error.problems);
  }
};

/** Tells a wrong address or key at once; what goes wrong later, the worker sits out. */
const reach = async ({ url, apiKey, apiSecret }: LivekitConfig): Promise<void> => {
  const rooms = new RoomServiceClient(url, apiKey, apiSecret, { requestTimeout: REACH_TIMEOUT_SECONDS, failover: false });
  try {
    await rooms.listRooms(['-']);
  } catch (error) {
    const isRefused = error instanceof TwirpError && (error.status === 401 || error.status === 403);
    complain([isRefused ? `LiveKit at ${url} refuses the API key or its secret.` : `LiveKit can't be reached at ${url}.`]);
  }
};

/** Calls a successor for each job whose process has ended, unless its session is over. */
const superviseJobs = (server: AgentServer, succession: Succession): (() => void) => {
  const roomOf = new Map<string, string>();
  const timer = setInterval(() => {
    const active = new Set<string>();
    for (const { job } of server.activeJobs) {
      active.add(job.id);
      if (job.room !== undefined) roomOf.set(job.id, job.room.name);
    }
    for (const [jobId, room] of roomOf) {
      if (active.has(jobId)) continue;
      roomOf.delete(jobId);
      succession.replace(room, jobId).then(
        (called) => called && log().warn({ jobId, room }, 'compositor lost; another one is called'),
        (error: unknown) => log().error({ err: toError(error), jobId, room }, 'compositor lost; no other one could be called'),
      );
    }
  }, LOST_JOBS_POLL_MS);
  return () => clearInterval(timer);
};

const config = readConfig();
const { livekit } = config;
if (livekit === null) complain(['BACKLOT_LIVEKIT_URL is not set, but must be: a compositor works for a LiveKit server.']);
else {
  // Nothing of our settings for the processes that decode strangers' video.
  for (const name of Object.keys(process.env)) if (name.startsWith('BACKLOT_')) delete process.env[name];
  // Else LiveKit's client in them logs every message that it gets.
  process.env['NODE_ENV'] ??= 'production';
  initializeLogger({ pretty: false, level: config.logLevel });
  await reach(livekit);

  const sessions = config.compositorSessions ?? availableParallelism();
  // Agents run a model of speech in one more process; there is nothing for it to hear here.
  InferenceRunner.registerRunner = () => undefined;
  const server = new AgentServer(
    new ServerOptions({
      agent: fileURLToPath(new URL('job.js', import.meta.url)),
      // With a name it takes only what is dispatched to it.
      agentName: COMPOSITOR_AGENT,
      requestFunc: (request: JobRequest) => request.accept('Backlot', COMPOSITOR_IDENTITY, '', { [JOB_ATTRIBUTE]: request.id }),
      permissions: new WorkerPermissions(true, true, false, true),
      wsURL: livekit.url,
      apiKey: livekit.apiKey,
      apiSecret: livekit.apiSecret,
      // Sessions are counted. By the processor's load a busy small machine would take none, and say nothing.
      loadFunc: async (worker) => Math.min(1, (FULL * worker.activeJobs.length) / sessions),
      loadThreshold: FULL,
      numIdleProcesses: IDLE_PROCESSES,
      jobMemoryLimitMB: MAX_JOB_MEMORY_MIB,
      maxRetry: Infinity,
      // Its health page, on a port of its own: several may run on one machine.
      host: '127.0.0.1',
      logLevel: config.logLevel,
    }),
  );
  const succession = new Succession(livekit);
  const stopSupervising = superviseJobs(server, succession);

  let isStopping = false;
  const stop = async (): Promise<void> => {
    stopSupervising();
    // From here on LiveKit gives it nothing more, so that whom it calls are others.
    const drained = server.drain(HANDOVER_MS).catch(() => undefined);
    for (const { job } of server.activeJobs) {
      if (job.room !== undefined) await succession.replace(job.room.name, job.id).catch(() => false);
    }
    await drained;
    await server.close();
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (isStopping) process.exit(130);
      isStopping = true;
      setTimeout(() => process.exit(1), HARD_STOP_MS).unref();
      void stop().finally(() => process.exit(0));
    });
  }
  server.event.once('worker_registered', () => {
    say(`Backlot's compositor is ready: ${sessions} ${sessions === 1 ? 'session' : 'sessions'} of LiveKit at ${livekit.url}`);
  });
  await server.run().catch((error: unknown) => complain([toError(error).message]));
}
