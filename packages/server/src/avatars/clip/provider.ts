import { ERROR_CODES, type Avatar } from '@backlot/contract';
import { BacklotError } from '../../errors.js';
import type { ClipInspector, ClipSource, MediaHost } from '../../media/port.js';
import type { AvatarProvider } from '../port.js';
import { startMediaAvatar } from '../media-avatar.js';
import { ClipFolder } from './folder.js';

export interface ClipAvatarsOptions {
  readonly media: MediaHost;
  readonly clips: ClipInspector;
  /** The folder of video files; absolute. */
  readonly clipsDir: string;
}

/** Avatars that are green-screen video files, looped. */
export const createClipAvatars = ({ media, clips, clipsDir }: ClipAvatarsOptions): AvatarProvider => {
  const folder = new ClipFolder(clipsDir);

  const open = async (avatar: Avatar, signal: AbortSignal): Promise<ClipSource> => {
    if (avatar.provider !== 'clip') throw new TypeError(`This provider has the avatar clip, not ${avatar.provider}.`);
    const path = await folder.find(avatar.clip);
    if (path === null) throw new BacklotError('clip_not_found', { details: [{ field: 'avatar.clip', message: 'is not in the clips folder' }] });
    return clips.inspect(path, signal);
  };

  return {
    provider: 'clip',
    publishedByUser: false,
    speaks: false,
    needsLivekit: false,
    options: async () => {
      const [names, available] = await Promise.all([folder.names(), clips.available()]);
      return names.map((clip) => ({
        avatar: { provider: 'clip', clip },
        needs: [],
        title: clip,
        speaks: false,
        available,
        unavailable_reason: available ? null : `${ERROR_CODES.ffmpeg_missing.message} ${ERROR_CODES.ffmpeg_missing.remedy}`,
        voices: [],
      }));
    },
    check: async (avatar, voiceId) => {
      if (voiceId !== undefined) throw new BacklotError('invalid_request', { details: [{ field: 'voice_id', message: 'a clip has no voice but its own' }] });
      await open(avatar, new AbortController().signal);
    },
    start: async (start) => startMediaAvatar(media, await open(start.avatar, start.signal), start),
  };
};
