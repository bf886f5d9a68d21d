import type { Avatar, AvatarOption } from '@backlot/client';
import { avatarKey } from './describe-avatar.js';

/** An avatar as a form has it: which one, and what was filled in, valid or not. */
export interface AvatarDraft {
  /** As `avatarKey` makes it. */
  readonly key: string;
  /** Values of its fields, by the API's names. */
  readonly fields: Readonly<Record<string, string>>;
}

/** A field of an avatar that people fill in. */
export interface AvatarField {
  readonly name: string;
  readonly label: string;
  readonly note?: string;
  readonly isNeeded: boolean;
  /** What can be chosen, the usual one first; absent: a text. */
  readonly choices?: readonly { readonly value: string; readonly label: string }[];
}

/** What there is to fill in for each kind of avatar. */
export const AVATAR_FIELDS: Readonly<Record<Avatar['provider'], readonly AvatarField[]>> = {
  'stand-in': [],
  clip: [],
  whip: [],
  livekit: [{ name: 'identity', label: 'Identity of the participant', note: 'Empty: the first agent of the room that publishes video.', isNeeded: false }],
  liveavatar: [
    { name: 'avatar_id', label: 'Avatar id', isNeeded: true },
    {
      name: 'is_sandbox',
      label: 'Account',
      isNeeded: false,
      choices: [
        { value: '', label: 'Production' },
        { value: 'true', label: 'Sandbox: one avatar, for about a minute' },
      ],
    },
  ],
  tavus: [
    { name: 'pal_id', label: 'PAL id', note: 'With the pipeline mode “echo” and LiveKit as its transport.', isNeeded: true },
    { name: 'face_id', label: 'Face id', note: 'Empty: the face of the PAL.', isNeeded: false },
  ],
  simli: [
    { name: 'face_id', label: 'Face id', note: 'Of a Trinity-2 face.', isNeeded: true },
    {
      name: 'background',
      label: 'Background',
      isNeeded: false,
      choices: [
        { value: '', label: 'Keyed: Backlot draws it and swaps it' },
        { value: 'native', label: 'Native: Simli draws the image that the session starts with' },
      ],
    },
  ],
};

/** Ids of vendors, as the API takes them. */
const VENDOR_ID = /^[\w.-]{1,128}$/;

/** What a saved avatar looks like in a form. */
export const draftOf = (avatar: Avatar): AvatarDraft => ({
  key: avatarKey(avatar),
  fields: Object.fromEntries(
    AVATAR_FIELDS[avatar.provider].flatMap(({ name, choices }) => {
      const value = new Map<string, unknown>(Object.entries(avatar)).get(name);
      const text = typeof value === 'string' ? value : value === true ? 'true' : '';
      // The usual choice and an absent one are the same.
      return text === '' || (choices !== undefined && !choices.some((choice) => choice.value === text)) ? [] : [[name, text]];
    }),
  ),
});

/** The avatar that a form says; null while something needed is missing, or an id can't be one. */
export const avatarOf = ({ avatar }: AvatarOption, { fields }: AvatarDraft): Avatar | null => {
  const text = (name: string): string => fields[name]?.trim() ?? '';
  const { provider } = avatar;
  const ids = AVATAR_FIELDS[provider].filter(({ choices }) => choices === undefined);
  if (ids.some(({ name, isNeeded }) => isNeeded && text(name) === '')) return null;
  if (provider !== 'livekit' && ids.some(({ name }) => text(name) !== '' && !VENDOR_ID.test(text(name)))) return null;
  switch (provider) {
    case 'livekit':
      return { provider, ...(text('identity') === '' ? {} : { identity: text('identity') }) };
    case 'liveavatar':
      return { provider, avatar_id: text('avatar_id'), ...(text('is_sandbox') === '' ? {} : { is_sandbox: true }) };
    case 'tavus':
      return { provider, pal_id: text('pal_id'), ...(text('face_id') === '' ? {} : { face_id: text('face_id') }) };
    case 'simli':
      return { provider, face_id: text('face_id'), ...(text('background') === '' ? {} : { background: 'native' }) };
    case 'stand-in':
    case 'clip':
    case 'whip':
      return avatar;
  }
};
