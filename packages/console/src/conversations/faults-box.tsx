import type { SimulatorFaults } from '@backlot/client';
import { useSetSimulatorFaults, useSimulatorFaults } from '../api/simulator.js';
import { ErrorNotice } from '../ui/error-notice.js';

const WELL: SimulatorFaults = { status: null, retry_after_seconds: null, delay_ms: 0, hang: false };

const BEHAVIOURS: readonly { readonly label: string; readonly faults: Partial<SimulatorFaults> }[] = [
  { label: 'is well', faults: {} },
  { label: 'answers after 3 seconds', faults: { delay_ms: 3_000 } },
  { label: 'never answers', faults: { hang: true } },
  { label: 'refuses our key (401)', faults: { status: 401 } },
  { label: 'wants us to wait 30 s (429)', faults: { status: 429, retry_after_seconds: 30 } },
  { label: 'fails (500)', faults: { status: 500 } },
  { label: 'is unavailable (503)', faults: { status: 503 } },
];

const isSame = (left: SimulatorFaults, right: SimulatorFaults): boolean =>
  left.status === right.status && left.retry_after_seconds === right.retry_after_seconds && left.delay_ms === right.delay_ms && left.hang === right.hang;

/** Makes the simulated provider misbehave, so that one sees what Backlot does then. */
export const FaultsBox = () => {
  const query = useSimulatorFaults();
  const set = useSetSimulatorFaults();
  if (query.data === undefined) return null;
  const { data: faults } = query;
  const index = BEHAVIOURS.findIndex((behaviour) => isSame({ ...WELL, ...behaviour.faults }, faults));
  return (
    <div className="w-full">
      <label className="block">
        <span className="mb-1 block text-sm text-ink-soft">The simulated provider</span>
        <select className="field" value={index} disabled={set.isPending} onChange={(event) => set.mutate(BEHAVIOURS[Number(event.target.value)]?.faults ?? {})}>
          {BEHAVIOURS.map(({ label }, number) => (
            <option key={label} value={number}>
              {label}
            </option>
          ))}
          {index === -1 && <option value={-1}>misbehaves as told by API</option>}
        </select>
      </label>
      {set.error !== null && (
        <div className="mt-2">
          <ErrorNotice error={set.error} title="It was not told" />
        </div>
      )}
    </div>
  );
};
