import type { Room } from 'livekit-client';
import { createElement, StrictMode, useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { BacklotBackground, useBacklotBackground } from '../react/index.js';
import type { AttachmentStatus, BackgroundAttachment, BackgroundChoice } from './index.js';

export { attachBackground } from './index.js';
export { version } from 'react';

interface Stage {
  setBackground(choice: BackgroundChoice | undefined): void;
  unmount(): void;
}

/** Mounts both, the component and the hook, as an app does; tells the hook's attachment. */
export const mount = (element: Element, room: Room, onAttachment: (attachment: BackgroundAttachment) => void): Stage => {
  let change: Stage['setBackground'] = () => undefined;
  const App = () => {
    const [background, setBackground] = useState<BackgroundChoice | undefined>(undefined);
    const [status, setStatus] = useState<AttachmentStatus>('waiting');
    const options = background === undefined ? {} : { background };
    const { ref, attachment } = useBacklotBackground(room, options);
    useEffect(() => {
      change = setBackground;
      if (attachment !== null) onAttachment(attachment);
    }, [attachment]);
    return createElement(
      'div',
      null,
      createElement('div', { ref, style: { position: 'relative', width: 320, height: 180 } }),
      createElement(BacklotBackground, { target: room, ...options, style: { width: 320 }, onStatus: setStatus }, status),
    );
  };
  const root = createRoot(element);
  root.render(createElement(StrictMode, null, createElement(App)));
  return { setBackground: (choice) => change(choice), unmount: () => root.unmount() };
};
