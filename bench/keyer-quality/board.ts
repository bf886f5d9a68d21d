import { METRICS, type Metric, type Scores } from './metrics.js';

/** Mean and worst frame of one metric. */
export interface Figure {
  readonly mean: number;
  readonly worst: number;
}

/** What one keyer reached in one case. */
interface Entry {
  readonly place: string;
  readonly keyer: string;
  readonly isPeer: boolean;
  readonly scores: Scores[];
}

/** All scores of a run, by case (screen and condition) and keyer. */
export class Board {
  readonly #entries = new Map<string, Entry>();

  /** Adds the scores of a frame. */
  add(place: string, keyer: string, isPeer: boolean, scores: Scores): void {
    const key = `${place}\n${keyer}`;
    const entry = this.#entries.get(key) ?? { place, keyer, isPeer, scores: [] };
    this.#entries.set(key, entry);
    entry.scores.push(scores);
  }

  /** The cases, in the order in which they came. */
  get places(): readonly string[] {
    return [...new Set([...this.#entries.values()].map((entry) => entry.place))];
  }

  /** The keyers of a case. */
  keyersOf(place: string): readonly { readonly name: string; readonly isPeer: boolean }[] {
    return [...this.#entries.values()].filter((entry) => entry.place === place).map(({ keyer, isPeer }) => ({ name: keyer, isPeer }));
  }

  /** A keyer's figure in a case. */
  figure(place: string, keyer: string, { key, isHigherBetter }: Metric): Figure {
    const values = (this.#entries.get(`${place}\n${keyer}`)?.scores ?? []).map((scores) => scores[key]).filter((value) => !Number.isNaN(value));
    return {
      mean: values.reduce((sum, value) => sum + value, 0) / values.length,
      worst: isHigherBetter ? Math.min(...values) : Math.max(...values),
    };
  }

  /** The peer that is best in a case by a metric's mean or worst frame. */
  bestPeer(place: string, metric: Metric, kind: keyof Figure): { readonly name: string; readonly value: number } | undefined {
    const sign = metric.isHigherBetter ? -1 : 1;
    return this.keyersOf(place)
      .filter(({ isPeer }) => isPeer)
      .map(({ name }) => ({ name, value: this.figure(place, name, metric)[kind] }))
      .sort((left, right) => sign * (left.value - right.value))[0];
  }

  /** A table of all keyers in a case: mean, and the worst frame in brackets. */
  format(place: string): string {
    const rows = [
      [place, ...METRICS.map(({ name, unit }) => `${name} ${unit}`)],
      ...this.keyersOf(place).map(({ name }) => [
        name,
        ...METRICS.map((metric) => {
          const { mean, worst } = this.figure(place, name, metric);
          return `${brief(mean)} (${brief(worst)})`;
        }),
      ]),
    ];
    const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
    return rows
      .map((row) =>
        row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd(),
      )
      .join('\n');
  }
}

const brief = (value: number): string => (Math.abs(value) < 10 ? value.toFixed(2) : value.toFixed(1));
