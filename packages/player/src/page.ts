/**
 * The bare player page: one player that fills the window. The session's id is the path's last part, the server is the
 * page's own, and the access token stands in the fragment (`#token=…`), which browsers don't send anywhere.
 */
export const mountPage = (): void => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync('html, body { margin: 0; height: 100%; background: #0b0c0e; } backlot-player { width: 100%; height: 100vh; height: 100dvh; }');
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  const sessionId = location.pathname.split('/').findLast((part) => part !== '') ?? '';
  const token = new URLSearchParams(location.hash.slice(1)).get('token') ?? '';
  const player = document.createElement('backlot-player');
  player.setAttribute('session', `${location.origin}/v1/sessions/${sessionId}`);
  player.setAttribute('token', token);
  player.setAttribute('captions', '');
  document.body.replaceChildren(player);
};
