/** One event of a `text/event-stream`. */
export interface ServerSentEvent {
  readonly event: string;
  readonly data: string;
}

/**
 * Reads a `text/event-stream` (WHATWG HTML §9.2.6) as it comes. Ids and `retry` are ignored: a Backlot stream starts
 * with the whole state, so nothing is resumed. Calls `onBytes` for everything that arrives, comments included.
 */
export async function* readServerSentEvents(body: ReadableStream<Uint8Array>, onBytes?: () => void): AsyncGenerator<ServerSentEvent, void, undefined> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  let afterReturn = false;
  let event = '';
  let data: string[] = [];
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      onBytes?.();
      const text = decoder.decode(value, { stream: true });
      rest += afterReturn && text.startsWith('\n') ? text.slice(1) : text;
      // The LF of a CRLF may come with the next piece.
      if (text !== '') afterReturn = text.endsWith('\r');
      const lines = rest.split(/\r\n|\n|\r/);
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (line === '') {
          if (data.length > 0) yield { event: event === '' ? 'message' : event, data: data.join('\n') };
          event = '';
          data = [];
          continue;
        }
        const colon = line.indexOf(':');
        const field = colon === -1 ? line : line.slice(0, colon);
        const content = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
        if (field === 'event') event = content;
        else if (field === 'data') data.push(content);
      }
    }
  } finally {
    // Also when the consumer stops early: the connection must not stay open.
    await reader.cancel().catch(() => undefined);
  }
}
