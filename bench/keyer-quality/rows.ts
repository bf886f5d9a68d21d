import type { BenchRow } from '../report.js';
import type { Board } from './board.js';
import { BASELINE } from './conditions.js';
import { METRICS, type Metric } from './metrics.js';
import { type Screen, SCREENS } from './screens.js';

/** Name of a case. */
export const placeOf = (screen: string, condition: string): string => `${screen}, ${condition}`;

const goalOf = (screen: Screen | undefined, { key, isHigherBetter }: Metric, kind: 'mean' | 'worst'): string => {
  const first = isHigherBetter ? '≥ peer' : '≤ peer';
  if (kind === 'worst' || screen?.goals === undefined) return first;
  if (key === 'edge') return `≥ ${screen.goals.edgePsnr}, ${first}`;
  return key === 'mad' ? `≤ ${screen.goals.mad}, ${first}` : first;
};

/** Our builds' figures, each beside the best peer's of its column. */
export const rowsOf = (board: Board): readonly BenchRow[] =>
  board.places.flatMap((place) =>
    board
      .keyersOf(place)
      .filter(({ isPeer }) => !isPeer)
      .flatMap(({ name }) =>
        METRICS.flatMap((metric) =>
          (['mean', 'worst'] as const).map((kind): BenchRow => {
            const best = board.bestPeer(place, metric, kind);
            const screen = SCREENS.find((candidate) => placeOf(candidate.name, BASELINE.name) === place);
            return {
              case: `${place}: ${name}`,
              metric: `${metric.name} ${kind}`,
              value: board.figure(place, name, metric)[kind],
              unit: metric.unit,
              ...(best === undefined ? {} : { peer: best.name, peer_value: best.value }),
              goal: goalOf(screen, metric, kind),
            };
          }),
        ),
      ),
  );
