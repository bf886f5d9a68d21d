import type { App } from './context.js';

/** Something that Backlot works with; rejects when it is down. */
export interface HealthProbe {
  readonly name: string;
  readonly check: () => Promise<unknown>;
  /** Backlot is ready without it: what needs it says so. */
  readonly optional?: true;
}

const PROBE_TIMEOUT_MS = 500;

const isUp = async ({ check }: HealthProbe): Promise<boolean> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), PROBE_TIMEOUT_MS);
  });
  try {
    return await Promise.race([
      check().then(
        () => true,
        () => false,
      ),
      late,
    ]);
  } finally {
    clearTimeout(timer);
  }
};

/** `/health/live`: the process answers. `/health/ready`: it can work. Names and states only. */
export const registerHealthRoutes = (app: App, probes: readonly HealthProbe[], isDraining: () => boolean): void => {
  app.get('/health/live', (context) => context.json({ status: 'live' }));
  app.get('/health/ready', async (context) => {
    const states = await Promise.all(probes.map(async (probe) => ({ ...probe, up: await isUp(probe) })));
    const ready = !isDraining() && states.every(({ up, optional }) => up || optional === true);
    return context.json(
      { status: ready ? 'ready' : 'not ready', parts: Object.fromEntries(states.map(({ name, up }) => [name, up ? 'up' : 'down'])) },
      ready ? 200 : 503,
    );
  });
};
