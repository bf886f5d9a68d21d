/** Those of a list that were named on the command line; all of them when none was. Throws a TypeError for a name that none has. */
export const pick = <T extends { readonly name: string }>(option: string, all: readonly T[], names: readonly string[] | undefined): readonly T[] => {
  if (names === undefined) return all;
  for (const name of names) {
    if (!all.some((one) => one.name === name)) throw new TypeError(`--${option} must be ${all.map((one) => one.name).join(' or ')}, not ${name}.`);
  }
  return all.filter(({ name }) => names.includes(name));
};
