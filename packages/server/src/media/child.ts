// Entry of a media child: one job in its life. It loads everything at once, so that a warm spare starts in no time,
// and knows nothing of the server but the messages.
import { BacklotError, toError } from '../errors.js';
import { ComposedSource } from './compositor/composed-source.js';
import { loadBackground } from './compositor/load-background.js';
import { loadKeyer } from './compositor/load-keyer.js';
import { PictureCompositor } from './compositor/picture-compositor.js';
import { MediaFailure } from './failure.js';
import { type MediaBackground, type MediaCommand, type MediaComposing, type MediaReply, mediaCommand } from './messages.js';
import { WhipOutlet } from './outlets/whip/whip-outlet.js';
import { loadWrtc } from './wrtc.js';
import type { Source, SpeakingSource, StreamSource } from './source.js';
import { openSource } from './sources/open.js';

const wrtc = loadWrtc();
const keyer = loadKeyer();
const abort = new AbortController();
let source: Source | SpeakingSource | StreamSource | null = null;
let composed: ComposedSource | null = null;
/** Backgrounds that were asked for: one that took long to decode is not shown after a newer one. */
let backgrounds = 0;
let outlet: WhipOutlet | null = null;

// libwebrtc segfaults at a natural exit, so every way out is this one.
const exit = (code: number): never => process.exit(code);

const reply = (message: MediaReply): void => {
  if (process.connected) process.send?.(message);
};

const describe = (error: unknown): string => {
  const { message, stack, cause } = toError(error);
  return cause === undefined ? (stack ?? message) : `${message}: ${toError(cause).message}`;
};

/** Ends everything that is open, in the order in which it leans on each other. */
const close = async (): Promise<void> => {
  abort.abort();
  await outlet?.[Symbol.asyncDispose]();
  await source?.[Symbol.asyncDispose]();
};

let failed = false;
const fail = (error: unknown): void => {
  if (failed || abort.signal.aborted) return;
  failed = true;
  const failure = error instanceof MediaFailure ? error : new MediaFailure('avatar_failed', 'The avatar could not go on.', error);
  reply({ type: 'failed', code: failure.code, message: failure.message, reason: describe(failure).slice(0, 4000) });
  void close().finally(() => exit(1));
};

const compose = async (inner: Source | StreamSource, { canvas, background, ...looks }: MediaComposing): Promise<ComposedSource> => {
  const own = ++backgrounds;
  const [module, picture] = await Promise.all([keyer, loadBackground(background, canvas.width, canvas.height)]);
  const result = new ComposedSource(inner, new PictureCompositor(module, { canvas, ...looks }), canvas);
  if (own === backgrounds) result.setBackground(picture, 0);
  return result;
};

const show = async (background: MediaBackground, transitionMs: number): Promise<void> => {
  if (composed === null) return;
  const own = ++backgrounds;
  try {
    const picture = await loadBackground(background, composed.width, composed.height);
    if (own === backgrounds) composed.setBackground(picture, transitionMs);
  } catch (error) {
    reply({ type: 'background-failed', reason: describe(error).slice(0, 1000) });
  }
};

const start = async (command: Extract<MediaCommand, { type: 'start' }>): Promise<void> => {
  source = await openSource(command.source, {
    wrtc,
    speech: {
      speechStarted: (speech) => reply({ type: 'speech-started', ...speech }),
      speechEnded: (speechId) => reply({ type: 'speech-ended', speechId }),
    },
    onFailed: fail,
    signal: abort.signal,
  });
  composed = command.composing === null ? null : await compose(source, command.composing);
  if (abort.signal.aborted) return source[Symbol.asyncDispose]();
  const published = composed ?? source;
  if ('picture' in published) throw new TypeError("A stranger's stream can only be published composed.");
  reply({ type: 'started' });
  outlet = new WhipOutlet({
    wrtc,
    source: published,
    url: command.outlet.url,
    token: command.outlet.token,
    onPublished: () => reply({ type: 'published' }),
    onFailed: fail,
  });
};

const speak = async ({ speechId, text }: Extract<MediaCommand, { type: 'speak' }>): Promise<void> => {
  if (source === null || !('speak' in source)) {
    reply({ type: 'speech-refused', speechId, code: 'speech_unsupported', reason: 'the source does not speak' });
    return;
  }
  try {
    const { audible } = await source.speak(speechId, text);
    reply({ type: 'speech-accepted', speechId, audible });
  } catch (error) {
    const busy = error instanceof BacklotError && error.code === 'speech_busy';
    reply({ type: 'speech-refused', speechId, code: busy ? 'speech_busy' : 'internal', reason: describe(error).slice(0, 1000) });
  }
};

process.on('message', (message) => {
  const command = mediaCommand.parse(message);
  switch (command.type) {
    case 'start':
      start(command).catch(fail);
      return;
    case 'speak':
      void speak(command);
      return;
    case 'background':
      void show(command.background, command.transitionMs);
      return;
    case 'stop':
      void close().finally(() => exit(0));
      return;
  }
});
// A parent that is gone, however it went, leaves no children; ffmpeg goes with its pipes.
process.on('disconnect', () => exit(0));
process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);
// An operator's Ctrl-C reaches the whole group; the parent decides in which order things end.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);

reply({ type: 'ready' });
