// Draws the three starter backgrounds of a new library: `node generate.mjs`. Everything is drawn here, so they are
// ours to give away. Seeded: the same pictures each time.
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';

const WIDTH = 1920;
const HEIGHT = 1080;
const folder = fileURLToPath(new URL('.', import.meta.url));

/** A small seeded generator (mulberry32). */
const seeded = (seed) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
};

const rect = (x, y, width, height, fill, extra = '') => `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${fill}" ${extra}/>`;
const circle = (x, y, r, fill, extra = '') => `<circle cx="${x}" cy="${y}" r="${r}" fill="${fill}" ${extra}/>`;
const ellipse = (x, y, rx, ry, fill, extra = '') => `<ellipse cx="${x}" cy="${y}" rx="${rx}" ry="${ry}" fill="${fill}" ${extra}/>`;
const path = (d, fill, extra = '') => `<path d="${d}" fill="${fill}" ${extra}/>`;
const stops = (list) => list.map(([at, color, opacity = 1]) => `<stop offset="${at}" stop-color="${color}" stop-opacity="${opacity}"/>`).join('');
const linear = (id, [x1, y1, x2, y2], list) => `<linearGradient id="${id}" x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}">${stops(list)}</linearGradient>`;
const radial = (id, [cx, cy, r], list) =>
  `<radialGradient id="${id}" gradientUnits="userSpaceOnUse" cx="${cx}" cy="${cy}" r="${r}">${stops(list)}</radialGradient>`;

/** Draws one depth of a scene. A margin keeps the edges from darkening when it is blurred. */
const depth = async (defs, content, blur, blend = 'over') => {
  const margin = 120;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH + 2 * margin}" height="${HEIGHT + 2 * margin}" viewBox="${-margin} ${-margin} ${WIDTH + 2 * margin} ${HEIGHT + 2 * margin}"><defs>${defs}</defs>${content}</svg>`;
  const drawn = await sharp(Buffer.from(svg)).png().toBuffer();
  const image = sharp(drawn);
  if (blur > 0) image.blur(blur);
  const input = await sharp(await image.png().toBuffer())
    .extract({ left: margin, top: margin, width: WIDTH, height: HEIGHT })
    .png()
    .toBuffer();
  return { input, blend };
};

/** Grain keeps smooth walls from banding and takes the drawn look away. */
const grain = (seed, strength) => {
  const random = seeded(seed);
  const data = Buffer.alloc(WIDTH * HEIGHT * 4);
  for (let index = 0; index < data.length; index += 4) {
    const value = (random() + random() + random() - 1.5) / 1.5;
    data[index] = data[index + 1] = data[index + 2] = value > 0 ? 255 : 0;
    data[index + 3] = Math.abs(value) * strength * 255;
  }
  return { input: data, raw: { width: WIDTH, height: HEIGHT, channels: 4 }, blend: 'over' };
};

const vignette = (strength) =>
  depth(
    radial(
      'v',
      [WIDTH / 2, HEIGHT * 0.46, 1180],
      [
        [0, '#000', 0],
        [0.55, '#000', 0],
        [1, '#000', strength],
      ],
    ),
    rect(-120, -120, WIDTH + 240, HEIGHT + 240, 'url(#v)'),
    0,
  );

const save = async (name, layers) => {
  const [first, ...others] = layers;
  const flat = await sharp(first.input).composite(others).removeAlpha().png().toBuffer();
  const { size } = await sharp(flat).jpeg({ quality: 86, mozjpeg: true }).toFile(`${folder}${name}.jpg`);
  process.stdout.write(`${name}.jpg ${Math.round(size / 1024)} KB\n`);
};

// A bright office in the morning, out of focus: windows on the left, shelves on the right.
const office = async () => {
  const random = seeded(7);
  const between = (low, high) => low + (high - low) * random();

  const room = await depth(
    linear(
      'wall',
      [0, 0, 1, 0.25],
      [
        [0, '#f3e9dc'],
        [0.5, '#e4d6c5'],
        [0.8, '#cdbba8'],
        [1, '#b5a290'],
      ],
    ) +
      linear(
        'floor',
        [0, 0, 0, 1],
        [
          [0, '#a98a6c'],
          [1, '#7a5f49'],
        ],
      ) +
      linear(
        'ceiling',
        [0, 0, 1, 0],
        [
          [0, '#fbf6ee'],
          [1, '#cbbba9'],
        ],
      ),
    rect(-120, -120, 2160, 1320, 'url(#wall)') +
      path('M-120 -120 H2040 V8 L1500 96 H560 L-120 40 Z', 'url(#ceiling)') +
      path('M-120 900 L560 822 H1500 L2040 930 V1320 H-120 Z', 'url(#floor)'),
    7,
  );

  let city = rect(-120, -60, 1140, 860, 'url(#sky)');
  for (let row = 0; row < 3; row++) {
    for (let x = -140; x < 1000; x += between(60, 120)) {
      const top = between(300, 520) + row * 75;
      const tone = ['#cfd9e2', '#bfcbd6', '#aebccb'][row];
      const width = between(60, 130);
      city += rect(x, top, width, 800, tone, 'opacity="0.85"');
      for (let y = top + 20; y < 760; y += 34) city += rect(x + 8, y, width - 16, 12, row === 2 ? '#93a6b8' : '#e9eef2', 'opacity="0.5"');
    }
  }
  city += ellipse(300, 250, 520, 360, 'url(#sun)');
  const outside = await depth(
    linear(
      'sky',
      [0, 0, 0, 1],
      [
        [0, '#cfe1f2'],
        [0.5, '#f1efe6'],
        [1, '#fbe9d0'],
      ],
    ) +
      radial(
        'sun',
        [300, 230, 520],
        [
          [0, '#fffdf4', 1],
          [0.35, '#fff4dc', 0.75],
          [1, '#fff4dc', 0],
        ],
      ),
    `<clipPath id="w"><path d="M-120 -40 L560 86 V770 L-120 838 Z"/><path d="M590 92 L1010 92 V768 L590 768 Z"/></clipPath><g clip-path="url(#w)">${city}</g>`,
    9,
  );

  // Frames, sill and blinds of the windows.
  let frames = '';
  for (const x of [-60, 165, 368, 552]) frames += path(`M${x} -60 h26 V860 h-26 Z`, 'url(#metal)');
  for (const x of [578, 790, 1002]) frames += rect(x, 84, 18, 694, 'url(#metal)');
  frames += path('M-120 -44 L566 82 H1020 V98 H560 L-120 -14 Z', '#6d6259') + path('M-120 352 L566 384 H1020 V394 H566 L-120 372 Z', '#8a7d72');
  frames += path('M-120 834 L566 766 H1026 V796 H566 L-120 878 Z', '#efe6da') + path('M-120 878 L566 796 H1026 V812 H566 L-120 904 Z', '#b9a793');
  const windows = await depth(
    linear(
      'metal',
      [0, 0, 1, 0],
      [
        [0, '#574d46'],
        [0.6, '#8b7e73'],
        [1, '#4b423c'],
      ],
    ),
    frames,
    5,
  );

  // Shelves with books and things.
  const colours = ['#b5654a', '#d9b98b', '#39506b', '#e9dfce', '#8d4a3c', '#c48b4d', '#5a6b82', '#f1e8da', '#2f3d50', '#a97c62', '#d0704f', '#c9bba8'];
  let shelves = rect(1312, 120, 640, 760, 'url(#back)') + rect(1296, 108, 22, 790, 'url(#oak)') + rect(1640, 108, 16, 790, 'url(#oak)');
  for (const y of [108, 290, 470, 650, 830]) shelves += rect(1296, y, 760, 18, 'url(#oak)') + rect(1318, y + 18, 740, 26, '#2a1c12', 'opacity="0.22"');
  for (const [shelf, y] of [290, 470, 650, 830].entries()) {
    for (const [from, to] of [
      [1330, 1630],
      [1668, 1960],
    ]) {
      let x = from + between(0, 26);
      const end = to - between(40, 130);
      while (x < end) {
        const width = between(13, 30);
        const height = between(92, 146);
        const colour = colours[Math.floor(random() * colours.length)];
        shelves +=
          rect(x, y - height, width, height, colour) +
          rect(x, y - height, width * 0.3, height, '#fff', 'opacity="0.16"') +
          rect(x + width * 0.75, y - height, width * 0.25, height, '#000', 'opacity="0.2"') +
          rect(x + 2, y - height + 18, width - 4, 5, '#fff', 'opacity="0.35"');
        x += width + (random() < 0.12 ? between(10, 40) : 1.5);
      }
      if (shelf % 2 === 0) shelves += ellipse(to - 34, y - 34, 27, 34, 'url(#vase)') + rect(to - 43, y - 88, 18, 36, '#e7d9c6');
      else shelves += circle(to - 36, y - 32, 31, 'url(#globe)');
    }
  }
  const furniture = await depth(
    linear(
      'oak',
      [0, 0, 0, 1],
      [
        [0, '#a5794f'],
        [1, '#80573a'],
      ],
    ) +
      linear(
        'back',
        [0, 0, 1, 0],
        [
          [0, '#8d6a4c'],
          [1, '#5f4532'],
        ],
      ) +
      linear(
        'vase',
        [0, 0, 1, 0],
        [
          [0, '#fff7ea'],
          [1, '#a18c76'],
        ],
      ) +
      linear(
        'globe',
        [0, 0, 1, 1],
        [
          [0, '#e0946b'],
          [1, '#7c3f2b'],
        ],
      ),
    shelves,
    6.5,
  );

  // Lamps, a table with chairs, dried grass in a vase: nearer, a little sharper.
  let near = '';
  for (const [x, y, s] of [
    [1120, 250, 1],
    [1235, 205, 0.8],
  ]) {
    near +=
      rect(x - 2, -120, 4, y + 60, '#3c332d') +
      path(
        `M${x - 74 * s} ${y} Q${x - 68 * s} ${y - 72 * s} ${x - 12 * s} ${y - 84 * s} H${x + 12 * s} Q${x + 68 * s} ${y - 72 * s} ${x + 74 * s} ${y} Z`,
        'url(#shade)',
      ) +
      ellipse(x, y, 74 * s, 10 * s, '#fff0cf');
  }
  for (const x of [330, 690, 980])
    near +=
      rect(x + 60, 800, 16, 240, '#3c332d') +
      path(`M${x + 68} 1016 l-64 30 h128 Z`, '#3c332d') +
      path(`M${x} 800 q-6 -130 30 -142 h110 q36 12 30 142 Z`, 'url(#chair)');
  near +=
    path('M150 846 H1180 L1240 884 H90 Z', 'url(#table)') +
    rect(90, 884, 1150, 24, '#8a6140') +
    rect(150, 908, 1024, 14, '#6b4a31') +
    rect(150, 908, 24, 300, '#57402d') +
    rect(1150, 908, 24, 300, '#57402d');
  near += path('M560 850 l14 -74 h150 l14 74 Z', '#d8d6d2') + path('M560 850 h178 l26 14 h-230 Z', '#b9b6b1') + rect(858, 806, 44, 46, 'url(#cup)', 'rx="6"');
  near += path('M214 848 q-22 -62 6 -110 h42 q28 48 6 110 Z', 'url(#vase2)');
  for (let blade = 0; blade < 26; blade++) {
    const lean = between(-120, 120);
    const top = between(430, 580);
    near +=
      `<path d="M241 742 Q${241 + lean * 0.2} ${(742 + top) / 2} ${241 + lean} ${top}" fill="none" stroke="#b8905f" stroke-width="2.4"/>` +
      `<ellipse cx="${241 + lean}" cy="${top}" rx="9" ry="36" fill="#d9bd92" opacity="0.8" transform="rotate(${lean * 0.35} ${241 + lean} ${top})"/>`;
  }
  const foreground = await depth(
    linear(
      'shade',
      [0, 0, 1, 0],
      [
        [0, '#6b5a4c'],
        [0.35, '#4a3d34'],
        [1, '#2e2620'],
      ],
    ) +
      linear(
        'table',
        [0, 0, 1, 0],
        [
          [0, '#e2bf94'],
          [0.6, '#b98c60'],
          [1, '#94694a'],
        ],
      ) +
      linear(
        'chair',
        [0, 0, 1, 0],
        [
          [0, '#7e8798'],
          [1, '#4a5162'],
        ],
      ) +
      linear(
        'cup',
        [0, 0, 1, 0],
        [
          [0, '#fff'],
          [1, '#bfb4a8'],
        ],
      ) +
      linear(
        'vase2',
        [0, 0, 1, 0],
        [
          [0, '#d8876a'],
          [1, '#7d4332'],
        ],
      ),
    near,
    4,
  );

  const light = await depth(
    radial(
      'bloom',
      [330, 300, 1150],
      [
        [0, '#fff3d8', 0.75],
        [0.4, '#ffe9c4', 0.28],
        [1, '#ffe2b0', 0],
      ],
    ) +
      linear(
        'ray',
        [0, 0, 1, 0.4],
        [
          [0, '#fff0cc', 0.5],
          [1, '#ffdca0', 0],
        ],
      ),
    rect(-120, -120, 2160, 1320, 'url(#bloom)') +
      path('M200 60 L1500 760 L1300 1000 L60 520 Z', 'url(#ray)', 'opacity="0.35"') +
      path('M1040 330 L1190 372 V640 L1040 620 Z', '#fff0c8', 'opacity="0.5"') +
      path('M1216 380 L1284 398 V656 L1216 646 Z', '#fff0c8', 'opacity="0.45"') +
      path('M260 1010 L760 960 L1090 1090 L420 1180 Z', '#ffe3b4', 'opacity="0.42"'),
    26,
    'screen',
  );
  const lamps = await depth(
    radial(
      'l1',
      [1120, 262, 190],
      [
        [0, '#ffdf9e', 0.8],
        [1, '#ffdf9e', 0],
      ],
    ) +
      radial(
        'l2',
        [1235, 215, 150],
        [
          [0, '#ffdf9e', 0.7],
          [1, '#ffdf9e', 0],
        ],
      ),
    circle(1120, 262, 190, 'url(#l1)') + circle(1235, 215, 150, 'url(#l2)'),
    4,
    'screen',
  );
  await save('sunlit-office', [room, outside, windows, furniture, foreground, light, lamps, await vignette(0.34), grain(1, 0.035)]);
};

// A room high above a city in the evening: lights out of focus behind the glass.
const evening = async () => {
  const random = seeded(21);
  const between = (low, high) => low + (high - low) * random();
  const sky = await depth(
    linear(
      'sky',
      [0, 0, 0, 1],
      [
        [0, '#101a3a'],
        [0.24, '#2f3269'],
        [0.38, '#74497d'],
        [0.48, '#cb6d6e'],
        [0.56, '#f6ad70'],
        [0.66, '#b8697a'],
        [1, '#1d1b35'],
      ],
    ),
    rect(-120, -120, 2160, 1320, 'url(#sky)') +
      Array.from({ length: 9 }, () =>
        ellipse(between(0, 1920), between(330, 610), between(160, 420), between(8, 26), '#f6b58b', `opacity="${between(0.12, 0.3).toFixed(2)}"`),
      ).join(''),
    16,
  );
  let blocks = '';
  const windowColours = ['#ffd48a', '#ffbd66', '#ffe6b8', '#f8a35a', '#cfe0ff'];
  for (const [row, tone] of [
    [0, '#4d4468'],
    [1, '#332f52'],
    [2, '#1f2040'],
  ]) {
    for (let x = -140; x < 2060;) {
      const width = between(60, 150) * (1 + row * 0.25);
      const middle = Math.abs(x + width / 2 - 960) / 960;
      const top = 560 + row * 95 - between(0, 210) * (0.55 + middle * 0.8);
      blocks += rect(x, top, width, 900, tone);
      blocks += rect(x, top, 5, 900, '#ffb98a', 'opacity="0.22"');
      for (let y = top + 18; y < 1100; y += 24) {
        for (let column = x + 10; column < x + width - 14; column += 20) {
          if (random() < 0.3) blocks += rect(column, y, 10, 13, windowColours[Math.floor(random() * 5)], `opacity="${between(0.35, 1).toFixed(2)}"`);
        }
      }
      x += width + between(-8, 26);
    }
  }
  const city = await depth('', blocks, 6.5);
  // Discs as a lens makes them of points of light.
  let discs = '';
  for (let index = 0; index < 190; index++) {
    const y = 640 + Math.abs(random() + random() - 0.6) * 330;
    const r = between(9, 30);
    const colour = ['#ffc36b', '#ff9a52', '#ffe2a8', '#ff6f5a', '#8fb4ff', '#fff1d6'][Math.floor(random() * 6)];
    const x = between(-40, 1960);
    discs +=
      circle(x, y, r, colour, `opacity="${between(0.25, 0.7).toFixed(2)}"`) +
      `<circle cx="${x}" cy="${y}" r="${r - 1}" fill="none" stroke="${colour}" stroke-width="2" opacity="0.35"/>`;
  }
  const bokeh = await depth('', discs, 1.6, 'screen');

  // The room: frames, sill, curtain, a lamp and its reflection in the glass.
  let inside = '';
  for (const x of [432, 1046, 1500]) inside += rect(x, -120, 20, 1130, 'url(#frame)');
  inside +=
    rect(-120, -120, 2160, 150, '#15131f') +
    rect(-120, 30, 2160, 12, '#37304a') +
    rect(-120, 948, 2160, 26, 'url(#sill)') +
    rect(-120, 974, 2160, 240, '#191420');
  let curtain = rect(1640, -120, 400, 1320, '#2c2539') + rect(-120, -120, 262, 1320, '#5d4036');
  for (let x = 1630; x < 2040; x += 34) curtain += path(`M${x} -120 q${between(-10, 14)} 560 ${between(-8, 8)} 1320 h38 V-120 Z`, 'url(#cloth)');
  for (let x = -120; x < 120; x += 34) curtain += path(`M${x} -120 q${between(-10, 14)} 560 ${between(-8, 8)} 1320 h38 V-120 Z`, 'url(#cloth2)');
  const lampBody =
    rect(262, 560, 6, 390, '#3a2d2a') +
    path('M180 560 L214 418 H316 L350 560 Z', 'url(#lamp)') +
    ellipse(265, 952, 66, 10, '#2c2224') +
    rect(1250, 878, 130, 14, '#7d4b43') +
    rect(1260, 892, 112, 14, '#c7a884') +
    rect(1246, 906, 136, 18, '#39415e') +
    rect(1256, 924, 120, 24, '#a9683f') +
    path('M1410 948 q-16 -60 10 -92 h34 q26 32 10 92 Z', 'url(#pot)');
  let grass = '';
  for (let blade = 0; blade < 18; blade++) {
    const lean = between(-90, 90);
    const top = between(640, 760);
    grass +=
      `<path d="M1437 860 Q${1437 + lean * 0.2} ${(860 + top) / 2} ${1437 + lean} ${top}" fill="none" stroke="#6b5145" stroke-width="3"/>` +
      `<ellipse cx="${1437 + lean}" cy="${top}" rx="8" ry="32" fill="#9a7a66" transform="rotate(${lean * 0.4} ${1437 + lean} ${top})"/>`;
  }
  const room = await depth(
    linear(
      'frame',
      [0, 0, 1, 0],
      [
        [0, '#0f0e18'],
        [0.5, '#3a3350'],
        [1, '#14121d'],
      ],
    ) +
      linear(
        'sill',
        [0, 0, 1, 0],
        [
          [0, '#8a5f44'],
          [0.3, '#5b4139'],
          [1, '#2b2430'],
        ],
      ) +
      linear(
        'cloth',
        [0, 0, 1, 0],
        [
          [0, '#241f33'],
          [0.45, '#4b3f58'],
          [1, '#1d1929'],
        ],
      ) +
      linear(
        'cloth2',
        [0, 0, 1, 0],
        [
          [0, '#4a322d'],
          [0.45, '#8a5d46'],
          [1, '#3a2829'],
        ],
      ) +
      linear(
        'lamp',
        [0, 0, 0, 1],
        [
          [0, '#ffdfa3'],
          [0.6, '#fff3d2'],
          [1, '#ffcf80'],
        ],
      ) +
      linear(
        'pot',
        [0, 0, 1, 0],
        [
          [0, '#7c5a50'],
          [1, '#30262d'],
        ],
      ),
    inside + curtain + grass + lampBody,
    4.5,
  );
  const glow = await depth(
    radial(
      'g',
      [265, 500, 620],
      [
        [0, '#ffcf8a', 0.85],
        [0.25, '#ff9f55', 0.34],
        [1, '#ff8a3d', 0],
      ],
    ) +
      radial(
        'r',
        [742, 430, 210],
        [
          [0, '#ffd79a', 0.3],
          [1, '#ff9f55', 0],
        ],
      ) +
      linear(
        'h',
        [0, 0, 0, 1],
        [
          [0, '#ff9a66', 0],
          [0.5, '#ff9a66', 0.22],
          [1, '#ff9a66', 0],
        ],
      ),
    rect(-120, -120, 2160, 1320, 'url(#g)') + circle(742, 430, 210, 'url(#r)') + rect(-120, 480, 2160, 420, 'url(#h)'),
    6,
    'screen',
  );
  await save('evening-city', [sky, city, bokeh, room, glow, await vignette(0.5), grain(2, 0.04)]);
};

// A plastered studio wall with the light of a window on it.
const studio = async () => {
  const random = seeded(5);
  const between = (low, high) => low + (high - low) * random();
  const wall = await depth(
    linear(
      'wall',
      [0, 0, 1, 0.35],
      [
        [0, '#dfc4b2'],
        [0.45, '#cfae9b'],
        [1, '#9d7c6d'],
      ],
    ) +
      linear(
        'floor',
        [0, 0, 0, 1],
        [
          [0, '#b08d7b'],
          [1, '#8c6b5c'],
        ],
      ),
    rect(-120, -120, 2160, 1320, 'url(#wall)') + rect(-120, 946, 2160, 300, 'url(#floor)'),
    3,
  );
  // Broad strokes of the trowel.
  let strokes = '';
  for (let index = 0; index < 420; index++) {
    const light = random() < 0.5;
    strokes += ellipse(
      0,
      0,
      between(60, 230),
      between(10, 44),
      light ? '#fff1e4' : '#5d4035',
      `opacity="${between(0.012, 0.04).toFixed(3)}" transform="translate(${between(-100, 2020).toFixed(0)} ${between(-100, 960).toFixed(0)}) rotate(${between(-50, 50).toFixed(0)})"`,
    );
  }
  const plaster = await depth('', strokes, 9);

  // Light through a window with bars.
  const skew = (x, y) => `${(x + y * 0.36).toFixed(0)} ${(y + (x - 400) * 0.1).toFixed(0)}`;
  let panes = '';
  for (let column = 0; column < 3; column++) {
    for (let row = 0; row < 3; row++) {
      const x = 330 + column * 262;
      const y = 40 + row * 262;
      panes += path(`M${skew(x, y)} L${skew(x + 238, y)} L${skew(x + 238, y + 238)} L${skew(x, y + 238)} Z`, 'url(#sun)');
    }
  }
  const sunlight = await depth(
    linear(
      'sun',
      [0, 0, 1, 1],
      [
        [0, '#fff0d2', 0.62],
        [1, '#ffd9a6', 0.4],
      ],
    ),
    panes,
    11,
    'screen',
  );
  // Right: a low sideboard with a vase of dried grass and a paper lamp. Left: the edge of a linen curtain.
  const shadow = await depth(
    '',
    ellipse(1690, 968, 360, 12, '#4a2c20', 'opacity="0.75"') +
      rect(1400, 930, 600, 26, '#4a2c20', 'opacity="0.6"') +
      path('M1372 744 L1310 790 V950 L1372 930 Z', '#5b3a2e', 'opacity="0.35"') +
      ellipse(1408, 520, 90, 250, '#6d4737', 'opacity="0.22"'),
    18,
    'multiply',
  );
  const furniture =
    rect(1370, 742, 560, 190, 'url(#board)', 'rx="10"') +
    rect(1370, 736, 560, 16, 'url(#edge)', 'rx="6"') +
    [1372, 1556, 1742].map((x) => rect(x + 6, 762, 174, 158, 'url(#door)', 'rx="4"')).join('') +
    rect(1400, 930, 14, 40, '#5b3c2b') +
    rect(1880, 930, 14, 40, '#5b3c2b');
  const vase = path('M1450 738 q-44 -62 -22 -128 q8 -26 26 -34 v-26 h40 v26 q18 8 26 34 q22 66 -22 128 Z', 'url(#vase)');
  let grass = '';
  for (let blade = 0; blade < 34; blade++) {
    const lean = between(-150, 150);
    const top = between(180, 400) + Math.abs(lean) * 0.6;
    const mid = 1474 + lean * 0.25;
    grass += `<path d="M1474 556 Q${mid.toFixed(0)} ${((556 + top) / 2).toFixed(0)} ${(1474 + lean).toFixed(0)} ${top.toFixed(0)}" fill="none" stroke="#a77f57" stroke-width="2.2" opacity="0.9"/>`;
    for (let plume = 0; plume < 5; plume++) {
      grass += ellipse(
        0,
        0,
        between(7, 12),
        between(26, 44),
        ['#ead3b0', '#d9bb90', '#f3e2c6'][plume % 3],
        `opacity="0.5" transform="translate(${(1474 + lean * (1 - plume * 0.06)).toFixed(0)} ${(top + plume * 15).toFixed(0)}) rotate(${(lean * 0.28 + between(-10, 10)).toFixed(0)})"`,
      );
    }
  }
  const lamp =
    circle(1770, 636, 100, 'url(#paper)') +
    Array.from({ length: 9 }, (_, index) =>
      ellipse(1770, 636, 100, Math.abs(100 - index * 25), 'none', 'stroke="#b98f62" stroke-width="1.4" opacity="0.28"'),
    ).join('') +
    rect(1732, 730, 76, 10, '#7a5238', 'rx="4"');
  const books = rect(1580, 712, 108, 14, '#a0523d') + rect(1574, 726, 120, 12, '#e7d8c3');
  const things = furniture + grass + vase + lamp + books;
  let curtain = rect(-120, -120, 250, 1320, '#cdb6a4');
  for (let x = -120; x < 150; x += 38)
    curtain += path(`M${x} -120 q${between(-14, 18).toFixed(0)} 540 ${between(-8, 12).toFixed(0)} 1340 h44 V-120 Z`, 'url(#linen)');
  const objects = await depth(
    linear(
      'board',
      [0, 0, 1, 0],
      [
        [0, '#a8734b'],
        [1, '#6b452f'],
      ],
    ) +
      linear(
        'edge',
        [0, 0, 1, 0],
        [
          [0, '#cf9a6c'],
          [1, '#85583c'],
        ],
      ) +
      linear(
        'door',
        [0, 0, 1, 1],
        [
          [0, '#b17c53'],
          [1, '#714a33'],
        ],
      ) +
      linear(
        'vase',
        [0, 0, 1, 0],
        [
          [0, '#f5ebe0'],
          [0.5, '#d8c5b4'],
          [1, '#8f7868'],
        ],
      ) +
      radial(
        'paper',
        [1748, 610, 150],
        [
          [0, '#fffaf0'],
          [0.5, '#ffeccb'],
          [1, '#e8b981'],
        ],
      ) +
      linear(
        'linen',
        [0, 0, 1, 0],
        [
          [0, '#e9d9ca'],
          [0.5, '#fbf1e6'],
          [1, '#c4ab99'],
        ],
      ),
    things + curtain,
    3.2,
  );
  const glow = await depth(
    radial(
      'lamp',
      [1770, 636, 420],
      [
        [0, '#ffdca4', 0.7],
        [0.3, '#ffcf90', 0.3],
        [1, '#ffcf90', 0],
      ],
    ) +
      radial(
        'left',
        [120, 200, 1200],
        [
          [0, '#fff2dc', 0.42],
          [1, '#fff2dc', 0],
        ],
      ),
    rect(-120, -120, 2160, 1320, 'url(#left)') + circle(1770, 636, 420, 'url(#lamp)'),
    10,
    'screen',
  );
  await save('studio-wall', [wall, plaster, sunlight, shadow, objects, glow, await vignette(0.36), grain(3, 0.035)]);
};

await office();
await evening();
await studio();
