import type { Size } from './crop.js';

/** "820 KB", "4.2 MB": bytes as people read them, in decimal units. */
export const formatBytes = (bytes: number): string => {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 999_500) return `${Math.round(bytes / 1000)} KB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
};

/** "1920 × 1080". */
export const formatSize = ({ width, height }: Size): string => `${width} × ${height}`;

/** "16:9", "3:2", or the number when there is no simple one. */
export const formatShape = ({ width, height }: Size): string => {
  const ratio = width / height;
  for (const [across, down] of [
    [16, 9],
    [9, 16],
    [4, 3],
    [3, 4],
    [3, 2],
    [2, 3],
    [1, 1],
    [21, 9],
    [16, 10],
    [2, 1],
    [1, 2],
  ] as const) {
    if (Math.abs(ratio / (across / down) - 1) < 0.01) return `${across}:${down}`;
  }
  return ratio >= 1 ? `${ratio.toFixed(2)}:1` : `1:${(1 / ratio).toFixed(2)}`;
};

/** The title that a file suggests: its name without the extension. */
export const titleOfFile = (fileName: string): string => {
  const stem = fileName
    .replace(/\.[a-z0-9]{1,5}$/i, '')
    .replaceAll(/[_\s]+/g, ' ')
    .trim();
  return (stem === '' ? 'Untitled' : stem).slice(0, 200);
};
