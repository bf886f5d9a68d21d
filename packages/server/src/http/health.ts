import type { App } from './context.js';

/** Something that Backlot can't work without; rejects when it is down. */
export interface HealthProbe {
  readonly name: string;
  readonly check: () => Promise<unknown>;
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
    const states = await Promise.all(probes.map(async (probe) => ({ name: probe.name, up: await isUp(probe) })));
    const ready = !isDraining() && states.every(({ up }) => up);
    return context.json(
      { status: ready ? 'ready' : 'not ready', parts: Object.fromEntries(states.map(({ name, up }) => [name, up ? 'up' : 'down'])) },
      ready ? 200 : 503,
    );
  });
};
