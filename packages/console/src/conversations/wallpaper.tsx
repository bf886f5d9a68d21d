import { WALLPAPER_ON_SCREEN } from '@backlot/contract';
import { type CSSProperties, useState } from 'react';

/**
 * What a phone makes of a picture. `whole`: it fills the screen, as when a hand has set it. `zoomed`: set by a program,
 * seen with iOS 26's twofold zoom. `prepared`: prepared for that zoom, seen with it. `surrounded`: the same on a phone
 * that doesn't zoom.
 */
export type Framing = 'whole' | 'zoomed' | 'prepared' | 'surrounded';

const { screen, seen } = WALLPAPER_ON_SCREEN;
const percent = (share: number): string => `${share * 100}%`;

/** Share of the screen's height that the seen part fills; below it the phone shows a mirrored blur. */
const FILLED = (seen.height * (screen.width / seen.width)) / screen.height;
const COVER: CSSProperties = { position: 'absolute', inset: 0, width: '100%', height: '100%', objectFit: 'cover', maxWidth: 'none' };
/** The picture at the screen's size, moved such that its parent shows the seen part of it. */
const SEEN_PART: CSSProperties = {
  position: 'absolute',
  left: percent(-seen.left / seen.width),
  top: percent(-seen.top / seen.height),
  width: percent(screen.width / seen.width),
  height: percent(screen.height / seen.height),
  maxWidth: 'none',
  objectFit: 'cover',
};
/** Where the seen part lies in a picture of the screen's size. */
const SEEN_BOX: CSSProperties = {
  position: 'absolute',
  left: percent(seen.left / screen.width),
  top: percent(seen.top / screen.height),
  width: percent(seen.width / screen.width),
  height: percent(seen.height / screen.height),
  objectFit: 'cover',
};

export interface WallpaperProps {
  readonly src: string;
  readonly alt: string;
  readonly framing: Framing;
}

/** A picture behind everything else in a box of a phone's shape. */
export const Wallpaper = ({ src, alt, framing }: WallpaperProps) => {
  const [brokenSrc, setBrokenSrc] = useState<string | null>(null);
  if (brokenSrc === src) {
    return (
      <span className="absolute inset-0 flex items-center justify-center bg-sunken p-4 text-center text-xs text-ink-soft">
        This browser can’t show the picture. Phones can show more kinds, such as HEIC.
      </span>
    );
  }
  const onError = (): void => setBrokenSrc(src);
  switch (framing) {
    case 'whole':
      return <img src={src} alt={alt} style={COVER} onError={onError} />;
    case 'zoomed':
    case 'prepared': {
      const style = framing === 'zoomed' ? SEEN_PART : COVER;
      return (
        <span className="absolute inset-0 overflow-hidden">
          <span className="absolute inset-x-0 top-0 overflow-hidden" style={{ height: percent(FILLED) }}>
            <img src={src} alt={alt} style={style} onError={onError} />
          </span>
          <span className="absolute inset-x-0 bottom-0 overflow-hidden" style={{ height: percent(1 - FILLED) }}>
            <span className="absolute inset-x-0 top-0 -scale-y-100 overflow-hidden" style={{ height: percent(FILLED / (1 - FILLED)) }}>
              {/* Below the blur the picture itself, or its edge would let light through. */}
              <img src={src} alt="" style={style} />
              <img src={src} alt="" className="blur-sm" style={style} />
            </span>
          </span>
        </span>
      );
    }
    case 'surrounded':
      return (
        <span className="absolute inset-0 overflow-hidden">
          <img src={src} alt="" className="scale-125 blur-xl" style={COVER} />
          <img src={src} alt={alt} style={SEEN_BOX} onError={onError} />
        </span>
      );
  }
};
