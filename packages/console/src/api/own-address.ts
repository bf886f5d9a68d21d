/**
 * The path of one of this server's addresses. The server names itself by its public URL; the console may have been
 * opened at another one (a tunnel, 127.0.0.1), and its content security policy takes pictures from its own origin only.
 */
export const ownAddress = (url: string): string => {
  const { pathname, search } = new URL(url, location.origin);
  return `${pathname}${search}`;
};
