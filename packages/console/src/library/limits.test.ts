import { MAX_IMAGE_BYTES, MAX_TITLE_LENGTH } from '@backlot/contract';
import { expect, test } from 'vitest';
import { MAX_TITLE_CHARACTERS, MAX_UPLOAD_BYTES } from './limits.js';

test('the form has the limits of the contract', () => {
  expect([MAX_UPLOAD_BYTES, MAX_TITLE_CHARACTERS]).toEqual([MAX_IMAGE_BYTES, MAX_TITLE_LENGTH]);
});
