import { ID_ALPHABET, ID_LENGTH } from '@backlot/contract';

/** Id of a background that is not in the library: made of the hash of its bytes, so that the same bytes have the same id. */
export const backgroundIdOf = (sha256: string): string => {
  let rest = BigInt(`0x${sha256}`);
  const base = BigInt(ID_ALPHABET.length);
  let id = 'bg_';
  for (let index = 0; index < ID_LENGTH; index++) {
    id += ID_ALPHABET[Number(rest % base)];
    rest /= base;
  }
  return id;
};
