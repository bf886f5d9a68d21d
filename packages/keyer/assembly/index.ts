// The keyer in WebAssembly. Memory is imported and laid out once per frame size; nothing is allocated later.

const PAD: i32 = 32;

let W: i32 = 0,
  H: i32 = 0,
  w: i32 = 0,
  h: i32 = 0;
export let luma: usize = 0;
export let lumaStride: i32 = 0;
export let chromaU: usize = 0;
export let chromaV: usize = 0;
export let chromaStride: i32 = 0;
export let interleaved: usize = 0;
export let rgba: usize = 0;
export let behind: usize = 0;
export let cells: usize = 0;
let planeK: usize, planeU: usize, planeV: usize, planeP: usize, planem: usize, planea: usize, planeY: usize, planemc: usize, planeM: usize;

let next: usize = 0;
function take(bytes: i32): usize {
  const at = next;
  next = (next + bytes + 127) & ~127;
  return at;
}

/** Lays out memory for frames of a size and returns how many bytes it takes. */
export function layOut(width: i32, height: i32, plateCells: i32): usize {
  W = width;
  H = height;
  w = (width + 1) >> 1;
  h = (height + 1) >> 1;
  next = 1024;
  chromaStride = (w + PAD + 31) & ~31;
  lumaStride = (2 * w + PAD + 31) & ~31;
  luma = take(lumaStride * 2 * h);
  chromaU = take(chromaStride * h);
  chromaV = take(chromaStride * h);
  interleaved = take(2 * chromaStride * h);
  rgba = take(4 * W * H);
  behind = take(4 * W * H);
  cells = take(12 * plateCells);
  const n = 4 * w * h;
  planeK = take(n);
  planeU = take(n);
  planeV = take(n);
  planeP = take(n);
  planem = take(n);
  planea = take(n);
  planeY = take(n);
  planemc = take(n);
  planeM = take(4 * W * H);
  return next;
}

let isLeft: bool = false;
let hueGuard: f32 = 0,
  hueTolerance: f32 = 0,
  ceiling: f32 = 0,
  detail: f32 = 0,
  spill: f32 = 0,
  spillLuma: f32 = 0;
let black: f32 = 0,
  gain: f32 = 0,
  redV: f32 = 0,
  greenU: f32 = 0,
  greenV: f32 = 0,
  blueU: f32 = 0,
  noise: f32 = 20;

export function setModel(left: bool, guard: f32, tolerance: f32, most: f32, refinement: f32, despill: f32, despillLuma: f32): void {
  isLeft = left;
  hueGuard = guard;
  hueTolerance = tolerance;
  ceiling = most;
  detail = refinement;
  spill = despill;
  spillLuma = despillLuma;
}

export function setCoding(blackCode: f32, lumaGain: f32, rv: f32, gu: f32, gv: f32, bu: f32, epsilon: f32): void {
  black = blackCode;
  gain = lumaGain;
  redV = rv;
  greenU = gu;
  greenV = gv;
  blueU = bu;
  noise = epsilon;
}

let floor: f32 = 0;

export function setScreen(lowest: f32, cellsAcross: i32, cellsDown: i32, spanAcross: f32, spanDown: f32): void {
  floor = lowest;
  for (let j = 0; j < h; j++) {
    const y: f32 = ((<f32>j + 0.5) / <f32>h) * spanDown - 0.5;
    const top = <i32>Mathf.floor(y);
    const fy: f32 = y - <f32>top;
    const r0 = max(0, min(cellsDown - 1, top)) * cellsAcross,
      r1 = max(0, min(cellsDown - 1, top + 1)) * cellsAcross;
    for (let i = 0; i < w; i++) {
      const x: f32 = ((<f32>i + 0.5) / <f32>w) * spanAcross - 0.5;
      const left = <i32>Mathf.floor(x);
      const fx: f32 = x - <f32>left;
      const c0 = max(0, min(cellsAcross - 1, left)),
        c1 = max(0, min(cellsAcross - 1, left + 1));
      for (let k = 0; k < 3; k++) {
        const base = cells + 4 * k;
        const value: f32 =
          (1 - fy) * ((1 - fx) * load<f32>(base + 12 * (r0 + c0)) + fx * load<f32>(base + 12 * (r0 + c1))) +
          fy * ((1 - fx) * load<f32>(base + 12 * (r1 + c0)) + fx * load<f32>(base + 12 * (r1 + c1)));
        store<f32>((k == 0 ? planeK : k == 1 ? planeU : planeV) + 4 * (j * w + i), value);
      }
    }
  }
}

/** Splits the interleaved chroma of NV12. */
export function deinterleave(): void {
  for (let j = 0; j < h; j++) {
    for (let i = 0; i < w; i++) {
      store<u8>(chromaU + j * chromaStride + i, load<u8>(interleaved + 2 * (j * chromaStride + i)));
      store<u8>(chromaV + j * chromaStride + i, load<u8>(interleaved + 2 * (j * chromaStride + i) + 1));
    }
  }
}

function lumaAt(x: i32, y: i32): f32 {
  return <f32>load<u8>(luma + max(0, min(H - 1, y)) * lumaStride + max(0, min(W - 1, x)));
}
function mAt(x: i32, y: i32): f32 {
  return load<f32>(planeM + 4 * (max(0, min(H - 1, y)) * W + max(0, min(W - 1, x))));
}
function near(plane: usize, i: i32, j: i32): f32 {
  return load<f32>(plane + 4 * (max(0, min(h - 1, j)) * w + max(0, min(w - 1, i))));
}
function row(plane: usize, x: i32, j: i32): f32 {
  const i = x >> 1;
  if (isLeft) return (x & 1) == 0 ? near(plane, i, j) : (near(plane, i, j) + near(plane, i + 1, j)) * 0.5;
  return 0.75 * near(plane, i, j) + 0.25 * near(plane, (x & 1) == 0 ? i - 1 : i + 1, j);
}
function up(plane: usize, x: i32, y: i32): f32 {
  const j = y >> 1;
  return 0.75 * row(plane, x, j) + 0.25 * row(plane, x, (y & 1) == 0 ? j - 1 : j + 1);
}
function unit(value: f32): f32 {
  return max<f32>(0, min<f32>(1, value));
}
function code(value: f32): u8 {
  return <u8>(max<f32>(0, min<f32>(255, value)) + 0.5);
}

/** Keys the frame in memory: over `behind` when there is one, else with straight alpha. */
export function keyToRgba(isOver: bool): void {
  for (let j = 0; j < h; j++) {
    for (let i = 0; i < w; i++) {
      const at = 4 * (j * w + i);
      const u: f32 = <f32>load<u8>(chromaU + j * chromaStride + i) - 128,
        v: f32 = <f32>load<u8>(chromaV + j * chromaStride + i) - 128;
      const ku = load<f32>(planeU + at),
        kv = load<f32>(planeV + at);
      const n = max<f32>(ku * ku + kv * kv, 1);
      const p: f32 = (u * ku + v * kv) / n - hueGuard * max<f32>(0, Mathf.abs(u * kv - v * ku) / n - hueTolerance);
      store<f32>(planeP + at, p);
      store<f32>(planem + at, unit((p - floor) / (ceiling - floor)));
      const x = 2 * i,
        y = 2 * j;
      store<f32>(
        planeY + at,
        isLeft
          ? (lumaAt(x - 1, y) + lumaAt(x + 1, y) + lumaAt(x - 1, y + 1) + lumaAt(x + 1, y + 1) + 2 * (lumaAt(x, y) + lumaAt(x, y + 1))) * 0.125
          : (lumaAt(x, y) + lumaAt(x + 1, y) + lumaAt(x, y + 1) + lumaAt(x + 1, y + 1)) * 0.25,
      );
    }
  }
  for (let j = 0; j < h; j++) {
    for (let i = 0; i < w; i++) {
      const y0 = near(planeY, i, j);
      let sy: f32 = 0,
        sm: f32 = 0,
        syy: f32 = 0,
        smm: f32 = 0,
        sym: f32 = 0;
      for (let dj = -1; dj <= 1; dj++) {
        for (let di = -1; di <= 1; di++) {
          const dy = near(planeY, i + di, j + dj) - y0,
            dm = near(planem, i + di, j + dj);
          sy += dy;
          sm += dm;
          syy += dy * dy;
          smm += dm * dm;
          sym += dy * dm;
        }
      }
      const vy = syy / 9 - (sy * sy) / 81,
        vm = smm / 9 - (sm * sm) / 81,
        c = sym / 9 - (sy * sm) / 81;
      store<f32>(planea + 4 * (j * w + i), ((detail * c) / (vy + noise)) * unit(((c * c) / max<f32>(vy * vm, 1e-6) - 0.6) / 0.3));
    }
  }
  for (let y = 0; y < H; y++) {
    for (let x = 0; x < W; x++) store<f32>(planeM + 4 * (y * W + x), unit(up(planem, x, y) + up(planea, x, y) * (lumaAt(x, y) - up(planeY, x, y))));
  }
  // From here planem holds the excess of spill, planea and planeY the chroma without the screen's.
  for (let j = 0; j < h; j++) {
    for (let i = 0; i < w; i++) {
      const at = 4 * (j * w + i);
      const x = 2 * i,
        y = 2 * j;
      const mc: f32 = isLeft
        ? (mAt(x - 1, y) + mAt(x + 1, y) + mAt(x - 1, y + 1) + mAt(x + 1, y + 1) + 2 * (mAt(x, y) + mAt(x, y + 1))) * 0.125
        : (mAt(x, y) + mAt(x + 1, y) + mAt(x, y + 1) + mAt(x + 1, y + 1)) * 0.25;
      const e: f32 = spill * max<f32>(0, load<f32>(planeP + at) - mc);
      store<f32>(planem + at, e);
      store<f32>(planea + at, <f32>load<u8>(chromaU + j * chromaStride + i) - 128 - (mc + e) * load<f32>(planeU + at));
      store<f32>(planeY + at, <f32>load<u8>(chromaV + j * chromaStride + i) - 128 - (mc + e) * load<f32>(planeV + at));
    }
  }
  for (let y = 0; y < H; y++) {
    for (let x = 0; x < W; x++) {
      const m = mAt(x, y);
      const light: f32 = gain * (lumaAt(x, y) - black - (m + spillLuma * up(planem, x, y)) * (up(planeK, x, y) - black));
      const u = up(planea, x, y),
        v = up(planeY, x, y);
      const alpha: f32 = 255 * (1 - m);
      let r = max<f32>(0, min<f32>(alpha, light + redV * v));
      let g = max<f32>(0, min<f32>(alpha, light + greenU * u + greenV * v));
      let b = max<f32>(0, min<f32>(alpha, light + blueU * u));
      const to = rgba + 4 * (y * W + x);
      if (isOver) {
        const from = behind + 4 * (y * W + x);
        store<u8>(to, code(r + m * <f32>load<u8>(from)));
        store<u8>(to, code(g + m * <f32>load<u8>(from, 1)), 1);
        store<u8>(to, code(b + m * <f32>load<u8>(from, 2)), 2);
        store<u8>(to, 255, 3);
      } else {
        const scale: f32 = alpha > 0 ? 255 / alpha : 0;
        store<u8>(to, code(r * scale));
        store<u8>(to, code(g * scale), 1);
        store<u8>(to, code(b * scale), 2);
        store<u8>(to, code(alpha), 3);
      }
    }
  }
}
