/** Why a media job can't go on: a code and a sentence for users, and what went wrong underneath for the log. */
export class MediaFailure extends Error {
  override readonly name = 'MediaFailure';
  readonly code: 'avatar_failed' | 'clip_unreadable';

  constructor(code: MediaFailure['code'], message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}
