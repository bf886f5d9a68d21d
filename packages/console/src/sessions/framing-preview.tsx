import type { Canvas, Framing, RenditionFit } from '@backlot/client';
import { frameAvatar, type Rectangle } from '@backlot/keyer/framing';
import { useState } from 'react';

/** What stands behind the avatar. */
export interface PreviewBackground {
  /** Null: nothing does. */
  readonly imageUrl: string | null;
  readonly fit: RenditionFit;
}

export interface FramingPreviewProps {
  readonly framing: Framing;
  readonly canvas: Canvas;
  readonly background: PreviewBackground;
}

/** The stand-in without its screen, as it is drawn for canvases of either shape. */
const STILLS = {
  landscape: { file: 'stand-in-landscape.webp', width: 1280, height: 720 },
  portrait: { file: 'stand-in-portrait.webp', width: 720, height: 1280 },
} as const;

/** Side of the copy that the person is looked for in, in pixels. */
const SAMPLE = 160;

/** The person's box in a picture without its screen, in shares of it; null when there is nobody. */
const findPerson = (image: HTMLImageElement): Rectangle | null => {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = SAMPLE;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (context === null) return null;
  context.drawImage(image, 0, 0, SAMPLE, SAMPLE);
  const { data } = context.getImageData(0, 0, SAMPLE, SAMPLE);
  let [left, top, right, bottom] = [SAMPLE, SAMPLE, -1, -1];
  for (let y = 0; y < SAMPLE; y++) {
    for (let x = 0; x < SAMPLE; x++) {
      if ((data[(y * SAMPLE + x) * 4 + 3] ?? 0) < 128) continue;
      [left, top, right, bottom] = [Math.min(left, x), Math.min(top, y), Math.max(right, x), Math.max(bottom, y)];
    }
  }
  if (right < 0) return null;
  return { x: left / SAMPLE, y: top / SAMPLE, width: (right + 1 - left) / SAMPLE, height: (bottom + 1 - top) / SAMPLE };
};

const percent = (share: number): string => `${share * 100}%`;

/** The canvas in small: background, and the stand-in framed as every viewer's player and the server frame an avatar. */
export const FramingPreview = ({ framing, canvas, background }: FramingPreviewProps) => {
  const { width, height } = canvas;
  const still = width >= height ? STILLS.landscape : STILLS.portrait;
  const [person, setPerson] = useState<{ readonly file: string; readonly box: Rectangle | null } | null>(null);
  const box = person?.file === still.file ? person.box : null;
  const at = frameAvatar(still.width, still.height, width, height, framing, box);
  return (
    <div className="flex justify-center overflow-hidden rounded-lg bg-sunken">
      <div
        data-preview
        className="chequered relative w-full overflow-hidden"
        style={{ aspectRatio: `${width} / ${height}`, maxWidth: `calc(var(--preview-height) * ${width / height})` }}
      >
        {background.imageUrl !== null && (
          <img src={background.imageUrl} alt="" className={`absolute inset-0 size-full ${background.fit === 'cover' ? 'object-cover' : 'object-contain'}`} />
        )}
        <img
          key={still.file}
          src={`${import.meta.env.BASE_URL}${still.file}`}
          alt="The stand-in, framed"
          className="absolute max-w-none"
          style={{ left: percent(at.x / width), top: percent(at.y / height), width: percent(at.width / width), height: percent(at.height / height) }}
          onLoad={({ currentTarget }) => setPerson({ file: still.file, box: findPerson(currentTarget) })}
        />
      </div>
    </div>
  );
};
