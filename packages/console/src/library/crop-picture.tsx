import { useState } from 'react';
import { computeCrop, type CanvasShape, LANDSCAPE, PORTRAIT, type Size } from './crop.js';

interface CropPictureProps {
  readonly src: string;
  readonly alt: string;
  /** Upright size in pixels. */
  readonly size: Size;
  /** Largest height on screen in pixels. */
  readonly maxHeight: number;
}

const LOOKS: Readonly<Record<CanvasShape['name'], { readonly stroke: string; readonly dash: string | undefined }>> = {
  '16:9': { stroke: '#ffffff', dash: undefined },
  '9:16': { stroke: '#ffd166', dash: '8 5' },
};

/** A picture with what each canvas shape shows of it drawn over. */
export const CropPicture = ({ src, alt, size, maxHeight }: CropPictureProps) => {
  const [shown, setShown] = useState<readonly CanvasShape['name'][]>(['16:9', '9:16']);
  const toggle = (name: CanvasShape['name']): void => setShown((names) => (names.includes(name) ? names.filter((other) => other !== name) : [...names, name]));
  return (
    <figure className="min-w-0">
      <div
        className="chequered relative mx-auto overflow-hidden rounded-md"
        style={{ aspectRatio: `${size.width} / ${size.height}`, width: `min(100%, ${(maxHeight * size.width) / size.height}px)` }}
      >
        <img src={src} alt={alt} className="absolute inset-0 size-full" />
        <svg viewBox={`0 0 ${size.width} ${size.height}`} preserveAspectRatio="none" className="absolute inset-0 size-full" aria-hidden>
          {[LANDSCAPE, PORTRAIT]
            .filter(({ name }) => shown.includes(name))
            .map((shape) => {
              const { x, y, width, height } = computeCrop(size, shape);
              const box = { x, y, width, height, fill: 'none', vectorEffect: 'non-scaling-stroke' } as const;
              return (
                <g key={shape.name}>
                  <rect {...box} stroke="rgb(0 0 0 / 65%)" strokeWidth={6} />
                  <rect {...box} stroke={LOOKS[shape.name].stroke} strokeDasharray={LOOKS[shape.name].dash} strokeWidth={3} />
                </g>
              );
            })}
        </svg>
      </div>
      <figcaption className="mt-3 flex flex-wrap gap-2">
        {[LANDSCAPE, PORTRAIT].map((shape) => (
          <button
            key={shape.name}
            type="button"
            aria-pressed={shown.includes(shape.name)}
            onClick={() => toggle(shape.name)}
            className="flex min-h-8 items-center gap-2 rounded-md border border-line px-2.5 text-sm text-ink-soft hover:bg-hover aria-pressed:bg-sunken aria-pressed:text-ink"
          >
            <svg width="18" height="12" aria-hidden>
              <rect width="18" height="12" rx="2" fill="#30343c" />
              <line
                x1="2"
                x2="16"
                y1="6"
                y2="6"
                stroke={LOOKS[shape.name].stroke}
                strokeDasharray={shape.name === '9:16' ? '4 2' : undefined}
                strokeWidth="3"
              />
            </svg>
            {shape.name} shows {Math.round(computeCrop(size, shape).kept * 100)} %
          </button>
        ))}
      </figcaption>
    </figure>
  );
};
