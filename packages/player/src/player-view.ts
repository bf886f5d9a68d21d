/** What the overlay says. `null` hides it. */
export interface Notice {
  readonly title: string;
  readonly text?: string;
  /** Whether something is under way. */
  readonly isBusy?: boolean;
}

const styles = `
:host { display: block; position: relative; overflow: hidden; aspect-ratio: var(--backlot-aspect-ratio, 16 / 9); color: #fff; font: 400 16px/1.4 system-ui, sans-serif; }
:host([hidden]) { display: none; }
canvas, video { position: absolute; inset: 0; width: 100%; height: 100%; object-fit: contain; display: block; }
video { opacity: 0; pointer-events: none; }
.notice, .captions, button { position: absolute; left: 50%; transform: translateX(-50%); box-sizing: border-box; }
.notice { top: 50%; transform: translate(-50%, -50%); width: max-content; max-width: min(30rem, calc(100% - 32px)); padding: 16px 24px; border-radius: 12px; background: rgb(18 20 24 / 82%); text-align: center; transition: opacity .3s; }
.notice strong { display: block; font-weight: 600; }
.notice span { display: block; color: #d3d6dc; font-size: 14px; margin-top: 4px; overflow-wrap: anywhere; }
.notice[data-busy]::before { content: ''; display: block; width: 24px; height: 24px; margin: 4px auto 12px; border: 3px solid rgb(255 255 255 / 25%); border-top-color: #fff; border-radius: 50%; animation: turn 1s linear infinite; }
.captions { bottom: 6%; width: max-content; max-width: min(48rem, calc(100% - 32px)); max-height: 40%; overflow: hidden; padding: 8px 16px; border-radius: 8px; background: rgb(18 20 24 / 78%); text-align: center; text-wrap: balance; }
button { top: 16px; padding: 12px 20px; border: 0; border-radius: 999px; background: rgb(18 20 24 / 86%); color: inherit; font: inherit; font-weight: 600; cursor: pointer; white-space: nowrap; }
button:hover { background: rgb(40 44 52 / 92%); }
button:focus-visible { outline: 3px solid #8ab4ff; outline-offset: 2px; }
[hidden] { display: none !important; }
@keyframes turn { to { transform: rotate(1turn); } }
@media (prefers-reduced-motion: reduce) { .notice { transition: none; } .notice[data-busy]::before { animation-duration: 4s; } }
@media (max-width: 480px) { :host { font-size: 14px; } }
`;

/** The player's DOM in its shadow root: what is seen, and the elements that media flow through. */
export class PlayerView {
  readonly video: HTMLVideoElement;
  readonly audio: HTMLAudioElement;
  /** Replaced by `renewCanvas`. */
  canvas: HTMLCanvasElement;
  readonly soundButton: HTMLButtonElement;
  readonly #notice: HTMLElement;
  readonly #title: HTMLElement;
  readonly #text: HTMLElement;
  readonly #captions: HTMLElement;

  constructor(root: ShadowRoot) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(styles);
    // Not a style element: pages with a strict content security policy refuse those.
    root.adoptedStyleSheets = [sheet];
    this.video = document.createElement('video');
    this.video.muted = true;
    this.video.playsInline = true;
    this.video.autoplay = true;
    this.video.disablePictureInPicture = true;
    // The raw picture is green: it must never be seen, whatever happens to the sheet above.
    this.video.style.opacity = '0';
    this.video.setAttribute('aria-hidden', 'true');
    this.audio = document.createElement('audio');
    this.canvas = createCanvas();
    this.#notice = document.createElement('div');
    this.#notice.className = 'notice';
    this.#notice.setAttribute('role', 'status');
    this.#title = this.#notice.appendChild(document.createElement('strong'));
    this.#text = this.#notice.appendChild(document.createElement('span'));
    this.#captions = document.createElement('div');
    this.#captions.className = 'captions';
    this.#captions.setAttribute('aria-live', 'polite');
    this.#captions.hidden = true;
    this.soundButton = document.createElement('button');
    this.soundButton.type = 'button';
    this.soundButton.textContent = 'Turn sound on';
    this.soundButton.hidden = true;
    root.replaceChildren(this.video, this.audio, this.canvas, this.#captions, this.soundButton, this.#notice);
    this.showNotice(null);
  }

  /** A fresh canvas in the old one's place: a canvas whose context was given up can't get another. */
  renewCanvas(): HTMLCanvasElement {
    const canvas = createCanvas();
    canvas.width = this.canvas.width;
    canvas.height = this.canvas.height;
    this.canvas.replaceWith(canvas);
    return (this.canvas = canvas);
  }

  /** Shows or hides the overlay. */
  showNotice(notice: Notice | null): void {
    this.#notice.hidden = notice === null;
    this.#notice.toggleAttribute('data-busy', notice?.isBusy === true);
    this.#title.textContent = notice?.title ?? '';
    this.#text.textContent = notice?.text ?? '';
    this.#text.hidden = notice?.text === undefined;
  }

  /** Shows or hides a caption. */
  showCaption(text: string | null): void {
    this.#captions.hidden = text === null;
    this.#captions.textContent = text ?? '';
  }
}

const createCanvas = (): HTMLCanvasElement => {
  const canvas = document.createElement('canvas');
  canvas.width = 1280;
  canvas.height = 720;
  canvas.setAttribute('role', 'img');
  canvas.setAttribute('aria-label', 'Live video');
  return canvas;
};
