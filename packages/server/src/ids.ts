import { ID_ALPHABET, ID_LENGTH } from '@backlot/contract';
import { randomInt } from 'node:crypto';

/** What an id names. */
export type IdPrefix = 'bg' | 'tmpl' | 'sess' | 'org' | 'key' | 'conn' | 'say' | 'req' | 'csn' | 'conv' | 'msg' | 'whe' | 'evt' | 'dlv';

/** A random id such as `bg_7kq2mx9cvt4wz8hn3pdr` (95 bits). */
export const createId = (prefix: IdPrefix): string => {
  let id = `${prefix}_`;
  for (let index = 0; index < ID_LENGTH; index++) id += ID_ALPHABET[randomInt(ID_ALPHABET.length)];
  return id;
};
