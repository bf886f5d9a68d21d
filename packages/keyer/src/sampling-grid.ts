/** Most samples across or down: enough for a key, a plate and a floor. */
const MAX_SIDE = 160;

/** Sides of a plate cell and of its erosion, in samples of the grid. */
export const SAMPLING_GRID = { cellSize: 4, erosion: 1 } as const;

/** Size of the grid that a frame's screen is measured on: one sample a chroma site, or as many as the limit allows. */
export const gridSizeOf = (width: number, height: number): { readonly width: number; readonly height: number } => {
  const w = Math.ceil(width / 2);
  const h = Math.ceil(height / 2);
  const step = Math.max(1, Math.max(w, h) / MAX_SIDE);
  return { width: Math.max(1, Math.round(w / step)), height: Math.max(1, Math.round(h / step)) };
};
