import { CALM } from '../projection.js';
import { GAIN_GRID, GAIN_NOISE, GAIN_REACH, GAIN_SITES } from '../gain.js';

/**
 * The passes. Pictures lie in textures with their first row at texture row 0; only the passes that draw on the canvas
 * (backdrop, composite) turn the rows over. Luma and chroma are limited-range codes of BT.709, divided by 255 wherever
 * they are stored.
 */

const head = `#version 300 es
precision highp float;
precision highp int;
precision highp sampler2D;
`;

const codes = `
const vec3 weights = vec3(0.2126, 0.7152, 0.0722);
const vec2 chromaOf = 112.0 / 255.0 / vec2(0.9278, 0.7874);
`;

/** One triangle over everything. */
export const vertexShader = `${head}
out vec2 over;
void main() {
  vec2 corner = vec2(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0);
  over = 0.5 * corner + 0.5;
  gl_Position = vec4(corner, 0.0, 1.0);
}`;

/** Side of a tile in chroma sites. */
export const TILE_SIZE = 16;

/** Brings a slope to −0.5…0.5. */
const SLOPE_SCALE = 8;

/** What `tilesShader` writes into the red channel, times 255. */
export const TILE_CLASS = { foreground: 0, background: 128, mixed: 255 } as const;

/**
 * Quads over the tiles of one class, or of all with a negative `wanted`, so that each tile costs only what it needs
 * (keying model §2.8, block classes). The others collapse to nothing. Six vertices a tile; `place` is the picture's
 * rectangle on the target in pixels, `bleed` widens each quad by that many chroma sites, `flip` is −1 where the target's
 * first row is at its top. Hands on where the frame, its chroma and the backdrop are to be read, and the screen's y, u, v
 * as codes divided by 255: for colour the plate is smooth enough to be read at a tile's corners only. The matte is not
 * content with that where hair leaves cells of the plate to guesswork (2.3 codes of alpha); it reads the plate itself, at
 * `onPlate`.
 */
export const tileVertexShader = `${head}
uniform sampler2D tiles;
uniform sampler2D plate;
uniform vec4 place;
uniform vec2 targetSize;
uniform vec2 chromaSize;
uniform vec2 plateScale;
uniform vec2 frameScale;
uniform vec2 siteScale;
uniform float siteShift;
uniform float bleed;
uniform float flip;
uniform float wanted;
out vec2 at;
out vec2 site;
out vec2 over;
out vec2 onPlate;
out vec3 screen;
void main() {
  ivec2 count = textureSize(tiles, 0);
  int number = gl_VertexID / 6;
  ivec2 tile = ivec2(number % count.x, number / count.x);
  gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
  if (wanted >= 0.0 && abs(texelFetch(tiles, tile, 0).x * 255.0 - wanted) > 1.0) return;
  int corner = gl_VertexID % 6;
  vec2 side = vec2(corner == 1 || corner >= 4 ? 1.0 : 0.0, corner == 2 || corner == 3 || corner == 5 ? 1.0 : 0.0);
  vec2 share = clamp(((vec2(tile) + side) * ${TILE_SIZE}.0 + (side * 2.0 - 1.0) * bleed) / chromaSize, 0.0, 1.0);
  at = share * frameScale;
  site = share * siteScale + vec2(siteShift, 0.0);
  onPlate = share * plateScale;
  screen = texture(plate, onPlate).xyz;
  vec2 position = ((place.xy + share * place.zw) / targetSize * 2.0 - 1.0) * vec2(1.0, flip);
  over = 0.5 * position + 0.5;
  gl_Position = vec4(position, 0.0, 1.0);
}`;

/** Samples of the frame on a coarse grid, each the mean of one 2×2 block, for the measurement on the CPU. */
export const sampleShader = `${head}
uniform sampler2D frame;
uniform vec2 chromaSize;
uniform vec2 frameSize;
uniform vec2 gridSize;
out vec4 result;
void main() {
  vec2 site = floor(gl_FragCoord.xy * chromaSize / gridSize);
  result = vec4(texture(frame, (2.0 * site + 1.0) / frameSize).rgb, 1.0);
}`;

/** Brings 1 / gain − 1 to 0…1. */
const GAIN_SCALE = 4;

/** The screen's strength in this frame (gain.ts), as 1 / gain − 1 in two bytes of a single pixel. */
export const gainShader = `${head}${codes}
uniform sampler2D frame;
uniform sampler2D plate;
uniform vec2 frameSize;
uniform vec2 chromaSize;
uniform vec2 plateScale;
out vec4 result;
float meanNear(float centre, float reach) {
  float count = 0.0, sum = 0.0;
  for (float j = 0.5; j < ${GAIN_GRID.height}.0; j++) {
    for (float i = 0.5; i < ${GAIN_GRID.width}.0; i++) {
      vec2 site = floor(vec2(i, j) * chromaSize / vec2(${GAIN_GRID.width}, ${GAIN_GRID.height}) + 0.001);
      vec3 rgb = texture(frame, (2.0 * site + 1.0) / frameSize).rgb;
      vec2 key = texture(plate, (site + 0.5) / chromaSize * plateScale).yz;
      float along = dot((rgb.br - dot(rgb, weights)) * chromaOf, key) / max(dot(key, key), 0.00002);
      if (abs(along - centre) > reach) continue;
      count++;
      sum += along;
    }
  }
  return count < ${GAIN_SITES}.0 ? 1.0 : sum / count;
}
void main() {
  float lift = max(0.0, 1.0 / meanNear(meanNear(1.0, ${GAIN_REACH}), ${GAIN_NOISE}) - 1.0) * ${GAIN_SCALE}.0 * 255.0;
  result = vec4(floor(lift) / 255.0, fract(lift), 0.0, 1.0);
}`;

/**
 * Keying model §2.4 at chroma resolution: the guarded projection as a share of the ceiling, and Yd. Each takes two bytes,
 * whole steps and the fraction of one: every device can draw those, and a filter, being linear, works on both.
 */
export const matteShader = `${head}${codes}
uniform sampler2D frame;
uniform sampler2D plate;
uniform sampler2D gain;
uniform vec3 guard;
uniform float ceiling;
uniform float rowShift;
in vec2 at;
in vec2 onPlate;
layout(location = 0) out vec4 matte;
layout(location = 1) out vec4 shares;
void main() {
  vec3 rgb = texture(frame, at).rgb;
  float luma = dot(rgb, weights);
  vec2 uv = (rgb.br - luma) * chromaOf;
  if (rowShift != 0.0) luma = 0.5 * (luma + dot(texture(frame, at - vec2(rowShift, 0.0)).rgb, weights));
  vec2 key = texture(plate, onPlate).yz;
  vec2 lift = texelFetch(gain, ivec2(0), 0).xy;
  float n = (1.0 + (lift.x + lift.y / 255.0) / ${GAIN_SCALE}.0) / max(dot(key, key), 0.00002);
  float along = dot(uv, key) * n;
  float across = abs(uv.x * key.y - uv.y * key.x) * n;
  float subject = max(0.0, 1.0 - along);
  vec2 projections = along - guard.x * max(vec2(0.0), across - guard.y - min(vec2(1.0), guard.z * vec2(1.0, 1.5)) * subject);
  vec2 share = clamp(projections / ceiling, 0.0, 1.0);
  vec2 both = vec2(255.0 * share.x, 16.0 + 219.0 * luma);
  shares = vec4(share.y);
  matte = vec4(floor(both) / 255.0, fract(both)).xzyw;
}`;

/**
 * Class of each tile with the two sites around it. Each of the 10 × 10 taps is the mean of four sites, which is 1 only
 * when all four are. `calm`: a mean share below which there is neither matte nor spill worth a code or two.
 */
export const tilesShader = `${head}
uniform sampler2D matte;
uniform sampler2D shares;
uniform float calm;
out vec4 result;
void main() {
  vec2 size = vec2(textureSize(matte, 0));
  vec2 corner = floor(gl_FragCoord.xy) * ${TILE_SIZE}.0 - 1.0;
  float least = 1.0, most = 0.0;
  for (int j = 0; j < ${TILE_SIZE / 2 + 2}; j++) {
    for (int i = 0; i < ${TILE_SIZE / 2 + 2}; i++) {
      vec2 near = (corner + 2.0 * vec2(i, j)) / size;
      vec2 share = texture(matte, near).xy;
      least = min(least, share.x + share.y / 255.0);
      most = max(most, texture(shares, near).x);
    }
  }
  float kind = least > 0.9999 ? ${TILE_CLASS.background}.0 : most < calm ? ${TILE_CLASS.foreground}.0 : ${TILE_CLASS.mixed}.0;
  result = vec4(kind / 255.0, 0.0, 0.0, 1.0);
}`;

/**
 * Keying model §2.5 and the chroma of §2.6, at chroma resolution. `sub(M)` of the model needs luma that this pass
 * doesn't read; it is the 3×3 filter (1/8, 3/4, 1/8)² of m (which is what sub(up(m)) comes to, for both sitings) plus
 * the slope times the luma that the same filter takes away.
 */
export const slopeShader = `${head}${codes}
uniform sampler2D frame;
uniform sampler2D matte;
uniform sampler2D shares;
uniform sampler2D plate;
uniform float ceiling;
uniform float detail;
uniform float spill;
uniform float spillLuma;
in vec2 at;
in vec2 onPlate;
in vec3 screen;
layout(location = 0) out vec4 edge;
layout(location = 1) out vec4 rest;
float steepness;
// Its share of the ceiling, m, Yd.
vec3 readSite(ivec2 site) {
  vec4 raw = texelFetch(matte, site, 0);
  float share = raw.x + raw.y / 255.0;
  return vec3(share, clamp(1.0 - (1.0 - share) * ceiling * steepness, 0.0, 1.0), 255.0 * raw.z + raw.w);
}
void main() {
  ivec2 here = ivec2(gl_FragCoord.xy);
  ivec2 last = textureSize(matte, 0) - 1;
  steepness = texture(plate, onPlate).w;
  vec3 centre = readSite(here);
  float sy = 0.0, sm = 0.0, syy = 0.0, smm = 0.0, sym = 0.0;
  vec2 soft = vec2(0.0);
  for (int j = -1; j <= 1; j++) {
    for (int i = -1; i <= 1; i++) {
      if (i == 0 && j == 0) continue;
      vec3 near = readSite(clamp(here + ivec2(i, j), ivec2(0), last)) - centre;
      float y = near.z;
      float m = near.y;
      sy += y; sm += m; syy += y * y; smm += m * m; sym += y * m;
      soft += (i == 0 ? 0.75 : 0.125) * (j == 0 ? 0.75 : 0.125) * vec2(m, y);
    }
  }
  sy /= 9.0; sm /= 9.0;
  float vy = syy / 9.0 - sy * sy;
  float vm = smm / 9.0 - sm * sm;
  float c = sym / 9.0 - sy * sm;
  float explained = c * c / max(vy * vm, 1e-6);
  float a = detail * c / (vy + 20.0) * clamp((explained - 0.6) / 0.3, 0.0, 1.0);
  float coarse = clamp(centre.y + soft.x - a * soft.y, 0.0, 1.0);
  float share = texelFetch(shares, here, 0).x;
  float excess = spill * max(0.0, (share < 1.0 ? share * ceiling : 1.0) - max(coarse, ${CALM}));
  vec3 rgb = texture(frame, at).rgb;
  vec2 uv = (rgb.br - dot(rgb, weights)) * chromaOf;
  // The slope never exceeds ±0.056; two bytes hold it, and being linear in both it survives filtering.
  float slope = (a * ${SLOPE_SCALE}.0 + 0.5) * 255.0;
  edge = vec4(centre.y, floor(centre.z) / 255.0, floor(slope) / 255.0, fract(slope));
  float white = 219.0 * (1.0 - coarse);
  float light = clamp(centre.z - 16.0 - (coarse + spillLuma * excess) * (255.0 * screen.x - 16.0), 0.0, white);
  // Red and blue of the subject lie between 0 and its share of the picture: fringes of thin hair don't turn pink.
  vec2 reach = vec2(0.577, 0.73) / 255.0;
  vec2 own = uv - (coarse + excess) * screen.yz;
  own = mix(own, clamp(own, -reach * light, reach * (white - light)), min(1.0, 8.0 * coarse));
  rest = vec4(own + 128.0 / 255.0, excess, fract(centre.z));
}`;

/** Keying model §2.6 and §2.7 at the canvas's resolution, over the backdrop. Output is premultiplied. */
export const compositeShader = `${head}${codes}
uniform sampler2D frame;
uniform sampler2D edge;
uniform sampler2D rest;
uniform sampler2D backdrop;
uniform float spillLuma;
in vec3 screen;
in vec2 at;
in vec2 site;
in vec2 over;
out vec4 result;
void main() {
  vec4 behind = texture(backdrop, over);
  vec4 line = texture(edge, site);
  vec4 left = texture(rest, site);
  float luma = dot(texture(frame, at).rgb, weights);
  float slope = (line.z + line.w / 255.0 - 0.5) / ${SLOPE_SCALE}.0;
  float m = clamp(line.x + slope * (16.0 + 219.0 * luma - 255.0 * line.y - left.w), 0.0, 1.0);
  float light = luma - (m + spillLuma * left.z) * (screen.x * 255.0 - 16.0) / 219.0;
  vec2 blueRed = (left.xy - 128.0 / 255.0) / chromaOf + light;
  vec3 rgb = vec3(blueRed.y, (light - 0.2126 * blueRed.y - 0.0722 * blueRed.x) / 0.7152, blueRed.x);
  float alpha = 1.0 - m;
  result = vec4(clamp(rgb, 0.0, alpha), alpha) + m * behind;
}`;

/** The frame as it is, for tiles without any of the screen. */
export const copyShader = `${head}
uniform sampler2D frame;
in vec2 at;
out vec4 result;
void main() { result = vec4(texture(frame, at).rgb, 1.0); }`;

/** The backdrop as it is, for tiles that are nothing but screen. */
export const behindShader = `${head}
uniform sampler2D backdrop;
in vec2 over;
out vec4 result;
void main() { result = texture(backdrop, over); }`;

/** What is behind the avatar, at the canvas's resolution: the old backdrop fading into a colour or an image. */
export const backdropShader = `${head}
uniform sampler2D from;
uniform sampler2D image;
uniform vec2 canvasSize;
uniform vec4 place;
uniform vec4 color;
uniform bool hasImage;
uniform float progress;
out vec4 result;
void main() {
  vec4 to = color;
  if (hasImage) {
    vec2 at = (vec2(gl_FragCoord.x, canvasSize.y - gl_FragCoord.y) - place.xy) / place.zw;
    bool inside = all(greaterThanEqual(at, vec2(0.0))) && all(lessThanEqual(at, vec2(1.0)));
    to = inside ? texture(image, at) : vec4(0.0);
  }
  result = mix(texelFetch(from, ivec2(gl_FragCoord.xy), 0), to, progress);
}`;
