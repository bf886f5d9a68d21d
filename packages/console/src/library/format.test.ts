import { expect, test } from 'vitest';
import { formatBytes, formatShape, titleOfFile } from './format.js';

test('bytes, shapes and titles read well', () => {
  expect([12, 999, 1_000, 999_499, 999_500, 10_485_760].map(formatBytes)).toEqual(['12 B', '999 B', '1 KB', '999 KB', '1.0 MB', '10.5 MB']);
  expect(
    [
      [1920, 1080],
      [1203, 799],
      [100, 1000],
      [1000, 90],
    ].map(([width = 1, height = 1]) => formatShape({ width, height })),
  ).toEqual(['16:9', '3:2', '1:10.00', '11.11:1']);
  expect(['quiet_office  2.jpg', '.jpg', 'a.b.webp', `${'x'.repeat(300)}.png`].map((name) => titleOfFile(name).slice(0, 20))).toEqual([
    'quiet office 2',
    'Untitled',
    'a.b',
    'x'.repeat(20),
  ]);
});
