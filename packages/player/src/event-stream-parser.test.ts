import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventStreamParser } from './event-stream-parser.js';

const parse = (...pieces: string[]) => {
  const events: [string, string][] = [];
  const parser = new EventStreamParser((name, data) => events.push([name, data]));
  for (const piece of pieces) parser.push(piece);
  return events;
};

describe('EventStreamParser', () => {
  it('reads names and data', () => {
    expect(parse('event: session\ndata: {"a":1}\n\ndata: x\n\n')).toEqual([
      ['session', '{"a":1}'],
      ['message', 'x'],
    ]);
  });

  it('joins lines of data, and takes off one space only', () => {
    expect(parse('data: a\ndata:  b\ndata:c\n\n')).toEqual([['message', 'a\n b\nc']]);
  });

  it('passes over comments, unknown fields and events without data', () => {
    expect(parse(': ping\n\nid: 7\nretry: 10\nfoo\n\nevent: empty\n\ndata: after\n\n')).toEqual([['message', 'after']]);
  });

  it('takes every kind of line end, and a byte order mark', () => {
    expect(parse('\uFEFFevent: a\r\ndata: 1\r\n\r\nevent: b\rdata: 2\r\rdata: 3\n\n')).toEqual([
      ['a', '1'],
      ['b', '2'],
      ['message', '3'],
    ]);
  });

  it('gives the same events however the text is cut', () => {
    const text = 'event: session\r\ndata: {"text":"läuft"}\r\n\r\n: c\n\nevent: b\ndata: 1\ndata: 2\n\n';
    const whole = parse(text);
    fc.assert(
      fc.property(fc.array(fc.nat(text.length), { maxLength: 12 }), (cuts) => {
        const places = [0, ...cuts.toSorted((a, b) => a - b), text.length];
        expect(parse(...places.slice(1).map((end, i) => text.slice(places[i], end)))).toEqual(whole);
      }),
    );
  });

  it('keeps an unfinished event to itself', () => {
    expect(parse('data: 1\n')).toEqual([]);
  });

  it('refuses an endless event', () => {
    expect(() => parse(`data: ${'x'.repeat(1_000_001)}`)).toThrow(RangeError);
  });
});
