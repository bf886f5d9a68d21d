// Written so that old versions of Node can read it and say what is wrong.
const MIN_MAJOR = 20;
const MIN_MINOR = 19;

/** Whether this Node is new enough; says so in one line and sets the exit code when it is not. */
export const checkNode = () => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > MIN_MAJOR || (major === MIN_MAJOR && minor >= MIN_MINOR)) return true;
  process.stderr.write(`Backlot needs Node ${MIN_MAJOR}.${MIN_MINOR} or newer; this is ${process.version}.\n`);
  process.exitCode = 1;
  return false;
};
