/** What a viewer is told when the server refuses, by its error's code. */
export const refusalText = (code: string | null): string => {
  switch (code) {
    case 'unauthenticated':
    case 'forbidden':
      return 'The access token is not valid for this session.';
    case 'session_not_found':
      return 'There is no such session.';
    case 'no_common_codec':
      return 'This browser can’t play the codec that the avatar sends.';
    default:
      return `The server refused the connection${code === null ? '' : ` (${code})`}.`;
  }
};

/** The code of an error's answer; null when it has none. */
export const errorCode = (response: Response): Promise<string | null> =>
  response.json().then(
    (body: { error?: { code?: string } }) => body.error?.code ?? null,
    () => null,
  );
