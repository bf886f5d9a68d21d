/**
 * A keyer was asked for something before it has what that needs. `screen_not_measured`: the screen model has seen no screen
 * yet. `screen_not_set`: no screen was set. `background_not_set`: no planar background was set.
 */
export class NotReadyError extends Error {
  override readonly name = 'NotReadyError';
  readonly code: 'screen_not_measured' | 'screen_not_set' | 'background_not_set';

  constructor(code: NotReadyError['code'], message: string) {
    super(message);
    this.code = code;
  }
}
