import type { Avatar } from '@backlot/client';

/** An avatar in a few words. */
export const describeAvatar = (avatar: Avatar): string => {
  switch (avatar.provider) {
    case 'stand-in':
      return 'Stand-in';
    case 'clip':
      return avatar.clip;
    case 'whip':
      return 'WHIP publisher';
    case 'livekit':
      return avatar.identity ?? 'Participant of the room';
    case 'liveavatar':
      return `LiveAvatar ${avatar.avatar_id}`;
    case 'tavus':
      return `Tavus ${avatar.pal_id}`;
    case 'simli':
      return `Simli ${avatar.face_id}`;
  }
};

/** A name for an avatar that no other has. */
export const avatarKey = (avatar: Avatar): string => (avatar.provider === 'clip' ? `clip ${avatar.clip}` : avatar.provider);
