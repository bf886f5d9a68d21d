import { createRoute, z } from '@hono/zod-openapi';
import { renditionFit, title } from './background-images.js';
import { idReference, idSchema, pageOf, pageQuery, time } from './common.js';
import { errors, idempotent, json, secured } from './route.js';
import { avatar, canvas, DEFAULT_AVATAR, DEFAULT_CANVAS, DEFAULT_FRAMING, framing, keying, libraryImage, render, voiceName } from './sessions.js';

/** Id of a template, `tmpl_…`. */
export const templateId = idSchema('tmpl', 'tmpl_9mx7cvn3pdr4tz8hw2kq');

const voice = voiceName.nullable().openapi({ description: "A voice of the avatar; null: the avatar's own." });
const fit = renditionFit.openapi({ description: 'How the background fills the canvas.' });

/** A template, as the API shows it: what a session needs, saved under a title. */
export const template = z
  .object({
    id: templateId,
    title: z.string(),
    avatar,
    voice,
    background_image: z.string().nullable().openapi({
      description: 'An image of the library; null: none. It stays here when the image is deleted, and sessions then need a `background_image` of their own.',
      example: 'bg_7kq2mx9cvt4wz8hn3pdr',
    }),
    thumbnail_url: z
      .string()
      .nullable()
      .openapi({ description: "The background image's thumbnail, signed, valid for at least a day; null: there is none, or the image was deleted." }),
    canvas,
    fit,
    framing,
    keying,
    render,
    created_at: time,
    updated_at: time,
  })
  .openapi('Template');

/** A page of templates. */
export const templatePage = pageOf(template).openapi('TemplatePage');

const background = libraryImage.nullable().openapi({ description: 'An image of the library; null: none.' });

/** Body that saves a template; everything but the title has a default. */
export const createTemplate = z
  .strictObject({
    title,
    avatar: avatar.default(DEFAULT_AVATAR),
    voice: voice.default(null),
    background_image: background.default(null),
    canvas: canvas.default(DEFAULT_CANVAS),
    fit: fit.default('cover'),
    framing: framing.default(DEFAULT_FRAMING),
    keying: keying.default({}),
    render: render.default('client'),
  })
  .openapi('CreateTemplate');

/** Body that changes a template; what is absent stays. */
export const updateTemplate = z
  .strictObject({
    title: title.optional(),
    avatar: avatar.optional(),
    voice: voice.optional(),
    background_image: background.optional(),
    canvas: canvas.optional(),
    fit: fit.optional(),
    framing: framing.optional(),
    keying: keying.optional(),
    render: render.optional(),
  })
  .openapi('UpdateTemplate');

const tag = { tags: ['Templates'], ...secured };
const params = z.strictObject({ id: idReference('tmpl_9mx7cvn3pdr4tz8hw2kq') });
const unknownTemplate = ['unauthenticated', 'template_not_found'] as const;
const refusals = ['invalid_request', 'background_image_not_found', 'clip_not_found', 'clip_unreadable', 'ffmpeg_missing'] as const;

/** Routes of templates. */
export const templateRoutes = {
  create: createRoute({
    ...tag,
    method: 'post',
    path: '/v1/templates',
    operationId: 'createTemplate',
    summary: 'Save what sessions start with',
    description: 'Everything is checked as a session would be: avatar and voice must be there, the image must be in the library.',
    request: { headers: idempotent, body: { required: true, content: { 'application/json': { schema: createTemplate } } } },
    responses: { 201: json(template, 'The template is saved.'), ...errors('unauthenticated', ...refusals) },
  }),
  list: createRoute({
    ...tag,
    method: 'get',
    path: '/v1/templates',
    operationId: 'listTemplates',
    summary: 'List templates, newest first',
    request: { query: pageQuery },
    responses: { 200: json(templatePage, 'A page of templates.'), ...errors('unauthenticated', 'invalid_request', 'invalid_cursor') },
  }),
  get: createRoute({
    ...tag,
    method: 'get',
    path: '/v1/templates/{id}',
    operationId: 'getTemplate',
    summary: 'View a template',
    request: { params },
    responses: { 200: json(template, 'The template.'), ...errors(...unknownTemplate) },
  }),
  update: createRoute({
    ...tag,
    method: 'patch',
    path: '/v1/templates/{id}',
    operationId: 'updateTemplate',
    summary: 'Change a template',
    description: 'What is given is checked; what is absent stays. Sessions that were started with it go on as they are.',
    request: { params, body: { required: true, content: { 'application/json': { schema: updateTemplate } } } },
    responses: { 200: json(template, 'The template as it is now.'), ...errors(...unknownTemplate, ...refusals) },
  }),
  remove: createRoute({
    ...tag,
    method: 'delete',
    path: '/v1/templates/{id}',
    operationId: 'deleteTemplate',
    summary: 'Delete a template',
    description: 'Sessions that were started with it go on as they are.',
    request: { params },
    responses: { 204: { description: 'Deleted.' }, ...errors(...unknownTemplate) },
  }),
};

export type Template = z.infer<typeof template>;
export type CreateTemplate = z.infer<typeof createTemplate>;
export type CreateTemplateInput = z.input<typeof createTemplate>;
export type UpdateTemplate = z.infer<typeof updateTemplate>;
export type UpdateTemplateInput = z.input<typeof updateTemplate>;
