import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import sharp, { type OverlayOptions, type Region } from 'sharp';
import { createClip, sampleKey } from './clip.js';
import { BASELINE, type Condition, SCENES, scenesFor, VARIANTS } from './conditions.js';
import { loadDetails } from './details.js';
import { code } from './encode.js';
import type { Keyer } from './keyer.js';
import { createTruth } from './metrics.js';
import { createRgb, type RgbPicture, toFrame, toRgb } from './planes.js';
import { createScene, shoot } from './scene.js';
import { type Screen, SCREENS } from './screens.js';

const WIDTH = 1280;
const HEIGHT = 720;
/** Bright and dark, where rims show. */
const WALLS = [
  [236, 233, 226],
  [24, 26, 32],
] as const;
const ZOOM = 2;
const LABEL_HEIGHT = 26;
const GAP = 6;
const COLUMNS = 2;

/** The screens that sheets are made of: the usual one, and the worst. */
export const SHEET_SCREENS: readonly Screen[] = SCREENS.filter(({ name }) => name === '#00FF00' || name === 'studio');
const CONDITIONS: readonly Condition[] = [BASELINE, ...VARIANTS.filter(({ name }) => name === 'VP8 1 Mb/s')];

/** A labelled cell: the same crop over each wall. */
interface Cell {
  readonly label: string;
  readonly pictures: readonly RgbPicture[];
}

const paint = ([r, g, b]: readonly [number, number, number]): RgbPicture => {
  const wall = createRgb(WIDTH, HEIGHT);
  wall.r.fill(r);
  wall.g.fill(g);
  wall.b.fill(b);
  return wall;
};

const cropOf = async ({ width, height, r, g, b }: RgbPicture, crop: Region): Promise<Buffer> => {
  const bytes = new Uint8Array(3 * width * height);
  for (let i = 0; i < width * height; i++) {
    bytes[3 * i] = Math.round(r[i] ?? 0);
    bytes[3 * i + 1] = Math.round(g[i] ?? 0);
    bytes[3 * i + 2] = Math.round(b[i] ?? 0);
  }
  const scaled = { width: Math.round(ZOOM * crop.width), height: Math.round(ZOOM * crop.height) };
  return sharp(bytes, { raw: { width, height, channels: 3 } })
    .extract(crop)
    .resize({ ...scaled, kernel: 'cubic' })
    .png()
    .toBuffer();
};

const labelOf = (text: string, width: number): Buffer =>
  Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${LABEL_HEIGHT}"><text x="4" y="18" font-family="sans-serif" font-size="15" fill="#222">${text}</text></svg>`,
  );

const writeSheet = async (path: string, cells: readonly Cell[], crop: Region): Promise<void> => {
  const cropWidth = Math.round(ZOOM * crop.width);
  const cellWidth = WALLS.length * cropWidth + GAP;
  const cellHeight = Math.round(ZOOM * crop.height) + LABEL_HEIGHT + GAP;
  const layers: OverlayOptions[] = [];
  for (const [i, { label, pictures }] of cells.entries()) {
    const left = GAP + (i % COLUMNS) * (cellWidth + GAP);
    const top = Math.floor(i / COLUMNS) * cellHeight;
    layers.push({ input: labelOf(label, cellWidth), left, top });
    for (const [k, picture] of pictures.entries()) layers.push({ input: await cropOf(picture, crop), left: left + k * cropWidth, top: top + LABEL_HEIGHT });
  }
  const width = GAP + COLUMNS * (cellWidth + GAP);
  const height = Math.ceil(cells.length / COLUMNS) * cellHeight + GAP;
  await sharp({ create: { width, height, channels: 3, background: '#ffffff' } })
    .composite(layers)
    .png()
    .toFile(path);
};

/** Writes contact sheets: each detail on each screen, as sent, as it should be, and as each keyer has it. */
export const writeSheets = async (folder: string, keyersFor: (screen: Screen) => readonly Keyer[]): Promise<void> => {
  await mkdir(folder, { recursive: true });
  const walls = WALLS.map(paint);
  for (const detail of await loadDetails(WIDTH, HEIGHT)) {
    const scenes = Array.from({ length: SCENES }, (_, frame) => createScene(detail.cutout, frame, WIDTH, HEIGHT));
    for (const screen of SHEET_SCREENS) {
      for (const condition of CONDITIONS) {
        const { layout } = condition;
        const shots = scenes.map((scene) => toFrame(shoot(scene, screen), layout));
        const order = scenesFor(condition, 1);
        const frames = code(
          order.flatMap((index) => shots[index] ?? []),
          condition,
        );
        const [frame] = frames.slice(-1);
        const scene = scenes[order.at(-1) ?? Number.NaN];
        if (frame === undefined || scene === undefined) throw new RangeError('A clip has no frames.');
        const key = sampleKey(frame, scene);
        const clips = walls.map((behind) =>
          createClip({ screen, layout, frames, first: frames.length - 1, key, behind, behindFrame: toFrame(behind, layout) }),
        );
        const cells: Cell[] = [
          { label: `as sent: ${screen.name}, ${condition.name}`, pictures: walls.map(() => toRgb(frame, layout)) },
          { label: 'truth', pictures: walls.map((behind) => createTruth(scene, behind, layout).composite) },
        ];
        for (const keyer of keyersFor(screen)) {
          const pictures: RgbPicture[] = [];
          for (const clip of clips) for (const keyed of await keyer.key(clip)) pictures.push(toRgb(keyed.composite, layout));
          cells.push({ label: keyer.name, pictures });
        }
        const name = [detail.name, screen.name, condition.name]
          .join(' ')
          .toLowerCase()
          .replaceAll(/[^a-z0-9.]+/g, '-');
        await writeSheet(join(folder, `${name}.png`), cells, detail.crop);
      }
    }
  }
};
