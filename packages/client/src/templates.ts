import type { CreateTemplateInput, Template, UpdateTemplateInput } from '@backlot/contract';
import type { Page, PageOptions } from './client.js';
import type { CallOptions, CreateOptions, Transport } from './transport.js';

/** What sessions start with, saved. Every method throws `BacklotApiError`. */
export interface TemplatesApi {
  create(template: CreateTemplateInput, options?: CreateOptions): Promise<Template>;
  list(options?: PageOptions): Promise<Page<Template>>;
  get(id: string, options?: CallOptions): Promise<Template>;
  /** What is absent stays. Sessions that were started with it go on as they are. */
  update(id: string, change: UpdateTemplateInput, options?: CallOptions): Promise<Template>;
  delete(id: string, options?: CallOptions): Promise<void>;
}

const TEMPLATES = '/v1/templates';
const templatePath = (id: string): string => `${TEMPLATES}/${encodeURIComponent(id)}`;

/** The part of the client that is about templates. */
export const createTemplatesApi = (transport: Transport): TemplatesApi => ({
  create: async (template, options) => transport.send({ method: 'POST', path: TEMPLATES, body: template, ...options }),
  list: async ({ limit, cursor, ...options } = {}) => transport.send({ method: 'GET', path: TEMPLATES, query: { limit, cursor }, ...options }),
  get: async (id, options) => transport.send({ method: 'GET', path: templatePath(id), ...options }),
  update: async (id, change, options) => transport.send({ method: 'PATCH', path: templatePath(id), body: change, ...options }),
  delete: async (id, options) => transport.send({ method: 'DELETE', path: templatePath(id), ...options }),
});
