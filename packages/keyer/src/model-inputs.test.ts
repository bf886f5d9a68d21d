import { expect, it } from 'vitest';
import { type KeyingParameters, resolveParameters } from './parameters.js';
import { createChromaImage, planesOfRgba } from './planes.js';
import { computeReferenceMatte, computeReferenceRgba, measureScreen, sampleScreen } from './reference.js';
import { ScreenModel } from './screen-model.js';
import { type PlateGrid, ScreenPlate } from './screen-plate.js';

const GRID: PlateGrid = { cellSize: 4, erosion: 1 };
const PARAMETERS = resolveParameters();
const planes = planesOfRgba(
  new Uint8Array(4 * 32 * 32).map((_, i) => [0, 255, 0, 255][i & 3] ?? 0),
  32,
  32,
  'centre',
);
const model = measureScreen(planes, PARAMETERS);
const screen = sampleScreen(model, 16, 16, 2, 2);
const matte = computeReferenceMatte(planes, screen, PARAMETERS);
const image = createChromaImage(16, 16);

it.each<[string, () => unknown, typeof TypeError | typeof RangeError]>([
  ['width', () => new ScreenModel(0, 9, GRID, PARAMETERS), RangeError],
  ['height', () => new ScreenModel(16, 1.5, GRID, PARAMETERS), RangeError],
  ['grid', () => new ScreenModel(16, 9, null as unknown as PlateGrid, PARAMETERS), TypeError],
  ['spill', () => new ScreenModel(16, 9, GRID, { ...PARAMETERS, spill: Number.NaN }), RangeError],
  ['parameters', () => new ScreenModel(16, 9, GRID, null as unknown as KeyingParameters), TypeError],
  ['matrix', () => new ScreenModel(16, 9, GRID, PARAMETERS, 'rec709' as 'bt709'), TypeError],
  ['image.height', () => new ScreenModel(16, 9, GRID, PARAMETERS).update(image), RangeError],
  ['image.u', () => new ScreenModel(16, 16, GRID, PARAMETERS).update({ ...image, u: new Float32Array(3) }), RangeError],
  ['image', () => new ScreenModel(16, 16, GRID, PARAMETERS).update(null as unknown as typeof image), TypeError],
  ['grid.cellSize', () => new ScreenPlate(16, 16, { cellSize: 0, erosion: 1 }), RangeError],
  ['grid.erosion', () => new ScreenPlate(16, 16, { cellSize: 4, erosion: -1 }), RangeError],
  ['image.width', () => new ScreenPlate(17, 16, GRID).update(image, { y: 0, u: 0, v: 0 }), RangeError],
  ['width', () => sampleScreen(model, 0, 16, 2, 2), RangeError],
  ['cellsAcross', () => sampleScreen(model, 16, 16, Number.NaN, 2), RangeError],
  ['planes.luma', () => computeReferenceMatte({ ...planes, luma: new Float32Array(3) }, screen, PARAMETERS), RangeError],
  ['planes.chroma.width', () => computeReferenceMatte({ ...planes, chroma: createChromaImage(15, 16) }, screen, PARAMETERS), RangeError],
  ['screen.steepness', () => computeReferenceMatte(planes, { ...screen, steepness: new Float32Array(3) }, PARAMETERS), RangeError],
  ['floor', () => computeReferenceMatte(planes, screen, { ...PARAMETERS, floor: 2 }), RangeError],
  ['reference.matte', () => computeReferenceRgba(planes, { ...matte, matte: new Float32Array(3) }, PARAMETERS), RangeError],
  ['matrix', () => computeReferenceRgba(planes, matte, PARAMETERS, 'bt2020' as 'bt709'), TypeError],
])('refuses a wrong %s', (name, call, kind) => {
  expect(call).toThrow(kind);
  expect(call).toThrow(new RegExp(`^${name} `));
});
