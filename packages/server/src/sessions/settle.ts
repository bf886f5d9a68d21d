import {
  type Avatar,
  type Canvas,
  type CreateSession,
  DEFAULT_AVATAR,
  DEFAULT_CANVAS,
  DEFAULT_FRAMING,
  type Framing,
  type Keying,
  type Render,
  type RenditionFit,
} from '@backlot/contract';
import { BacklotError } from '../errors.js';
import type { TemplateRecord } from './template-repository.js';

/** What a session starts with, once nothing is left to be inherited. */
export interface SettledSession {
  readonly avatar: Avatar;
  readonly voiceId: string | null;
  readonly backgroundImageId: string | null;
  readonly canvas: Canvas;
  readonly fit: RenditionFit;
  readonly framing: Framing;
  readonly keying: Keying;
  readonly render: Render;
}

/**
 * What is in the request wins over the template's, that over the defaults. A voice is one of its avatar: the template's
 * stays behind when the request names an avatar. Throws `background_image_not_found` when the template's was deleted
 * and the request has none of its own.
 */
export const settleSession = (request: CreateSession, template: TemplateRecord | null): SettledSession => {
  const { avatar, voice_id: voiceId, background_image: image, canvas, fit, framing, keying, render } = request;
  if (image === undefined && template !== null && template.backgroundImageId !== null && template.imageSha256 === null) {
    const message = 'its background image was deleted: send a background_image, or null for none';
    throw new BacklotError('background_image_not_found', { details: [{ field: 'template_id', message }] });
  }
  const inheritedVoice = avatar === undefined ? (template?.voice ?? null) : null;
  return {
    avatar: avatar ?? template?.avatar ?? DEFAULT_AVATAR,
    voiceId: voiceId === undefined ? inheritedVoice : voiceId,
    backgroundImageId: image === undefined ? (template?.backgroundImageId ?? null) : image,
    canvas: canvas ?? template?.canvas ?? DEFAULT_CANVAS,
    fit: fit ?? template?.fit ?? 'cover',
    framing: framing ?? template?.framing ?? DEFAULT_FRAMING,
    keying: keying ?? template?.keying ?? {},
    render: render ?? template?.render ?? 'client',
  };
};
