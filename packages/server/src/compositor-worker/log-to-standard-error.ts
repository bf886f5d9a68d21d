/**
 * Agents log to standard output, which is for people here: sends that to standard error, for this process. Returns
 * what prints a line for people.
 */
export const logToStandardError = (): ((line: string) => void) => {
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.write = process.stderr.write.bind(process.stderr);
  return (line) => void write(`${line}\n`);
};
