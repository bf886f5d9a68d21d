/** Longest event that is taken, in characters: a feed that sends more is broken. */
const MAX_EVENT_LENGTH = 1_000_000;

/**
 * Parses server-sent events (HTML, §9.2.6 "Interpreting an event stream") from text in pieces of any size. `retry` and
 * `id` are ignored: the session's feed begins with the current state, so there is nothing to resume.
 */
export class EventStreamParser {
  readonly #onEvent: (name: string, data: string) => void;
  #rest = '';
  #name = '';
  #data: string[] = [];
  #isFirst = true;

  /** `onEvent` gets the event's name (`message` when it has none) and its data. */
  constructor(onEvent: (name: string, data: string) => void) {
    this.#onEvent = onEvent;
  }

  /** Takes the next piece. Throws a `RangeError` when one event is unreasonably long. */
  push(text: string): void {
    let rest = this.#rest + text;
    if (this.#isFirst && rest.length > 0) {
      this.#isFirst = false;
      if (rest.startsWith('\uFEFF')) rest = rest.slice(1);
    }
    for (;;) {
      const end = rest.search(/[\r\n]/);
      // A carriage return at the very end may be the first half of a line's end.
      if (end === -1 || (rest[end] === '\r' && end === rest.length - 1)) break;
      this.#line(rest.slice(0, end));
      rest = rest.slice(end + (rest[end] === '\r' && rest[end + 1] === '\n' ? 2 : 1));
    }
    this.#rest = rest;
    if (rest.length + this.#data.reduce((sum, line) => sum + line.length, 0) > MAX_EVENT_LENGTH) throw new RangeError('An event of the feed is too long.');
  }

  #line(line: string): void {
    if (line === '') {
      if (this.#data.length > 0) this.#onEvent(this.#name === '' ? 'message' : this.#name, this.#data.join('\n'));
      this.#name = '';
      this.#data = [];
      return;
    }
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const raw = colon === -1 ? '' : line.slice(colon + 1);
    const value = raw.startsWith(' ') ? raw.slice(1) : raw;
    if (field === 'event') this.#name = value;
    else if (field === 'data') this.#data.push(value);
  }
}
