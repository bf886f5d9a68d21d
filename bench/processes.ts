import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Ids of a process and its descendants. */
export const family = (pid: number): readonly number[] => {
  const rows = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  const ids = new Set([pid]);
  for (let size = 0; size !== ids.size;) {
    size = ids.size;
    for (const [id = 0, parent = 0] of rows) if (ids.has(parent)) ids.add(id);
  }
  return [...ids];
};

/** What a process was started with; empty when it has ended. */
export const commandLine = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
};

/** Memory of Backlot's processes, shared pages counted once (PSS), in MiB; npm's own is left out. */
export const memoryMib = (pid: number): number => {
  let kib = 0;
  for (const id of family(pid)) {
    if (!commandLine(id).includes('/node ') && !commandLine(id).startsWith('node ')) continue;
    try {
      kib += Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${id}/smaps_rollup`, 'utf8'))?.[1] ?? 0);
    } catch {
      // The process has ended meanwhile.
    }
  }
  return kib / 1024;
};

/** Linux's clock ticks per second, the unit of /proc/<pid>/stat. */
const TICKS_PER_SECOND = 100;

/** CPU that a process has used since it began, all its threads together; 0 when it has ended. */
export const cpuSeconds = (pid: number): number => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  } catch {
    return 0;
  }
};
