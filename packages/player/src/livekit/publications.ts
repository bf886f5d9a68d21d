import type { RemoteParticipant, RemoteTrackPublication } from 'livekit-client';

const first = (publications: Iterable<RemoteTrackPublication> | undefined, source: string): RemoteTrackPublication | undefined => {
  let found: RemoteTrackPublication | undefined;
  for (const publication of publications ?? []) {
    if ((publication.source as string) === source) return publication;
    found ??= publication;
  }
  return found;
};

/** A participant's video: its camera, or whatever it has. */
export const videoOf = (participant: RemoteParticipant | undefined): RemoteTrackPublication | undefined =>
  first(participant?.videoTrackPublications.values(), 'camera');

/** A participant's sound: its microphone, or whatever it has. */
export const audioOf = (participant: RemoteParticipant | undefined): RemoteTrackPublication | undefined =>
  first(participant?.audioTrackPublications.values(), 'microphone');
