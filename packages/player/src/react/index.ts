import type { RemoteVideoTrack, Room } from 'livekit-client';
import { createElement, type CSSProperties, type ReactElement, type ReactNode, type RefCallback, useEffect, useRef, useState } from 'react';
import { attachBackground, type AttachmentStatus, type AttachOptions, type BackgroundAttachment, type BackgroundChoice } from '../livekit/index.js';

/** How a track is drawn: as by `attachBackground`. Only `background` may change while it is drawn; the rest is read when it begins. */
export type BacklotBackgroundOptions = Omit<AttachOptions, 'canvas' | 'container' | 'onStatus'>;

/** A canvas that is drawn on. */
export interface BacklotBackgroundResult {
  /** For an element that has a size and is positioned: it is filled with the canvas. */
  readonly ref: RefCallback<HTMLElement>;
  readonly status: AttachmentStatus;
  /** What is attached; null before there are a target and an element. */
  readonly attachment: BackgroundAttachment | null;
}

/** Tells backgrounds apart that are written out anew at each render. */
const keyOf = (choice: BackgroundChoice | undefined): unknown => {
  if (choice === undefined || typeof choice === 'string') return choice;
  if ('color' in choice) return choice.color;
  return choice.image instanceof ImageBitmap ? choice.image : `${choice.fit ?? 'cover'} ${String(choice.image)}`;
};

/**
 * Draws a remote avatar's video over a background, as `attachBackground` does, as long as the component is there.
 * `target`: the room, a track, or nothing yet.
 */
export const useBacklotBackground = (target: Room | RemoteVideoTrack | null | undefined, options: BacklotBackgroundOptions = {}): BacklotBackgroundResult => {
  const [container, setContainer] = useState<HTMLElement | null>(null);
  const [attachment, setAttachment] = useState<BackgroundAttachment | null>(null);
  const [status, setStatus] = useState<AttachmentStatus>('waiting');
  const latest = useRef(options);
  latest.current = options;
  const shownKey = useRef<unknown>(undefined);
  const key = keyOf(options.background);
  const { identity } = options;

  useEffect(() => {
    if (target == null || container === null) return;
    const made = attachBackground(target, { ...latest.current, container, onStatus: setStatus });
    shownKey.current = keyOf(latest.current.background);
    setStatus(made.status);
    setAttachment(made);
    return () => {
      made.dispose();
      setAttachment(null);
    };
  }, [target, container, identity]);

  useEffect(() => {
    if (attachment === null || shownKey.current === key) return;
    shownKey.current = key;
    // What can't be loaded leaves the background as it is.
    attachment.setBackground(latest.current.background ?? 'room').catch(() => undefined);
  }, [attachment, key]);

  return { ref: setContainer, status, attachment };
};

/** Properties of `BacklotBackground`. */
export interface BacklotBackgroundProps extends BacklotBackgroundOptions {
  /** The room, a track, or nothing yet. */
  readonly target: Room | RemoteVideoTrack | null | undefined;
  readonly className?: string;
  readonly style?: CSSProperties;
  /** Called with every status; should be the same function at each render. */
  readonly onStatus?: (status: AttachmentStatus) => void;
  /** Laid over the canvas, such as a notice. */
  readonly children?: ReactNode;
}

/** A box with a remote avatar's video over a background; 16:9 unless `style` or `className` says otherwise. */
export const BacklotBackground = ({ target, className, style, onStatus, children, ...options }: BacklotBackgroundProps): ReactElement => {
  const { ref, status } = useBacklotBackground(target, options);
  useEffect(() => onStatus?.(status), [onStatus, status]);
  const box = createElement('div', { ref, style: { position: 'absolute', inset: 0 } });
  return createElement('div', { className, style: { position: 'relative', overflow: 'hidden', aspectRatio: '16 / 9', ...style } }, box, children);
};
