import { createSession, DEFAULT_AVATAR, DEFAULT_CANVAS, DEFAULT_FRAMING } from '@backlot/contract';
import { describe, expect, test } from 'vitest';
import { settleSession } from './settle.js';
import type { TemplateRecord } from './template-repository.js';

const TEMPLATE: TemplateRecord = {
  id: 'tmpl_9mx7cvn3pdr4tz8hw2kq',
  organizationId: 'org_1',
  title: 'Evening show',
  avatar: { provider: 'clip', clip: 'presenter.mp4' },
  voice: 'de',
  backgroundImageId: 'bg_template',
  imageSha256: 'ab'.repeat(32),
  canvas: { width: 720, height: 1280 },
  fit: 'contain',
  framing: { scale: 1.5, x: 0.1, y: 0, crop: 'person' },
  keying: { spill: 0.5 },
  render: 'server',
  createdAt: new Date(0),
  updatedAt: new Date(0),
};
const INHERITED = {
  avatar: TEMPLATE.avatar,
  voiceId: 'de',
  backgroundImageId: 'bg_template',
  canvas: TEMPLATE.canvas,
  fit: 'contain',
  framing: TEMPLATE.framing,
  keying: TEMPLATE.keying,
  render: 'server',
};
const settle = (request: object, template: TemplateRecord | null = TEMPLATE) => settleSession(createSession.parse(request), template);

describe('what a session starts with', () => {
  test('are the defaults when nobody says anything', () => {
    expect(settle({}, null)).toEqual({
      avatar: DEFAULT_AVATAR,
      voiceId: null,
      backgroundImageId: null,
      canvas: DEFAULT_CANVAS,
      fit: 'cover',
      framing: DEFAULT_FRAMING,
      keying: {},
      render: 'client',
    });
  });

  test.each([
    { request: {}, differs: {} },
    { request: { background_image: 'bg_mine' }, differs: { backgroundImageId: 'bg_mine' } },
    { request: { background_image: null }, differs: { backgroundImageId: null } },
    { request: { canvas: { width: 640, height: 640 } }, differs: { canvas: { width: 640, height: 640 } } },
    { request: { fit: 'cover' }, differs: { fit: 'cover' } },
    { request: { voice_id: 'en-us' }, differs: { voiceId: 'en-us' } },
    { request: { voice_id: null }, differs: { voiceId: null } },
    { request: { avatar: { provider: 'stand-in' } }, differs: { avatar: { provider: 'stand-in' }, voiceId: null } },
    { request: { avatar: { provider: 'stand-in' }, voice_id: 'en-us' }, differs: { avatar: { provider: 'stand-in' }, voiceId: 'en-us' } },
  ])('is the template, with $request on top', ({ request, differs }) => {
    expect(settle(request)).toEqual({ ...INHERITED, ...differs });
  });

  test('is refused when the template’s image was deleted, unless the request has its own', () => {
    const bereft = { ...TEMPLATE, imageSha256: null };
    expect(() => settle({}, bereft)).toThrow(
      expect.objectContaining({ code: 'background_image_not_found', details: [expect.objectContaining({ field: 'template_id' })] }),
    );
    expect(settle({ background_image: 'bg_mine' }, bereft).backgroundImageId).toBe('bg_mine');
    expect(settle({ background_image: null }, bereft).backgroundImageId).toBe(null);
  });
});
