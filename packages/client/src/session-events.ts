import type { SessionEvent } from '@backlot/contract';
import { type EventsOptions, followEvents } from './event-stream.js';
import type { Transport } from './transport.js';

const NAMES: readonly SessionEvent['event'][] = ['session', 'background', 'speech', 'viewers'];

/**
 * A session's events, from its state as it is now until it ends. Since every stream starts with the whole state,
 * nothing that matters is missed when one is lost, and what was seen already is not repeated. Throws as
 * {@link followEvents} does.
 */
export async function* followSession(transport: Transport, path: string, options: EventsOptions = {}): AsyncGenerator<SessionEvent, void, undefined> {
  const seen = new Map<SessionEvent['event'], string>();
  let version = -1;
  for await (const event of followEvents<SessionEvent>(transport, path, NAMES, options)) {
    const data = JSON.stringify(event.data);
    if (seen.get(event.event) === data) continue;
    seen.set(event.event, data);
    if (event.event === 'background') {
      if (event.data.background_version < version) continue;
      version = event.data.background_version;
    }
    yield event;
    if (event.event === 'session' && (event.data.status === 'ended' || event.data.status === 'failed')) return;
  }
}
