import { writeFile } from 'node:fs/promises';

/** One figure of a benchmark, with its peer's beside it when there is one. */
export interface BenchRow {
  readonly case: string;
  readonly metric: string;
  readonly value: number;
  readonly unit: string;
  readonly peer?: string;
  readonly peer_value?: number;
  /** What the figure must reach, for people. */
  readonly goal?: string;
}

/** The value below which `percent` of the samples lie (nearest rank). Throws without samples. */
export const percentile = (samples: readonly number[], percent: number): number => {
  const sorted = [...samples].sort((left, right) => left - right);
  const value = sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
  if (value === undefined) throw new RangeError('percentile needs at least one sample');
  return value;
};

const format = (value: number): string => (Number.isInteger(value) ? String(value) : value.toFixed(Math.abs(value) < 10 ? 2 : 1));

/** Prints the rows as a table, and writes them to `jsonPath` when given. */
export const report = async (title: string, rows: readonly BenchRow[], jsonPath?: string): Promise<void> => {
  const header = ['case', 'metric', 'value', 'unit', 'goal', 'peer', 'peer value'];
  const table = rows.map((row) => [
    row.case,
    row.metric,
    format(row.value),
    row.unit,
    row.goal ?? '',
    row.peer ?? '',
    row.peer_value === undefined ? '' : format(row.peer_value),
  ]);
  const used = header.map((_, column) => column < 4 || table.some((row) => row[column] !== ''));
  const lines = [header, ...table].map((row) => row.filter((_, column) => used[column]));
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? [];
  process.stdout.write(
    `${title}\n${lines
      .map((line) =>
        line
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd(),
      )
      .join('\n')}\n`,
  );
  if (jsonPath !== undefined) {
    await writeFile(
      jsonPath,
      `${JSON.stringify(
        rows.map(({ case: name, metric, value, unit, peer = null, peer_value: peerValue = null }) => ({
          case: name,
          metric,
          value,
          unit,
          peer,
          peer_value: peerValue,
        })),
        null,
        2,
      )}\n`,
    );
  }
};
