// Writes packages/contract/openapi.json from the contract's routes, as the server serves it; `--check` compares.
import { readFileSync } from 'node:fs';
import * as contract from '../packages/contract/dist/index.js';
import { createApp, createOpenApiDocument } from '../packages/server/dist/http/app.js';
import { pino } from 'pino';
import { writeOrCheck } from './generated-file.mjs';

/** @type {{ version: string }} */
const { version } = JSON.parse(readFileSync(new URL('../packages/server/package.json', import.meta.url), 'utf8'));
const app = createApp({ log: pino({ level: 'silent' }), version, publicUrl: 'http://127.0.0.1:8787' });
const {
  avatarCredentialRoutes,
  backgroundImageRoutes,
  conversationRoutes,
  identityRoutes,
  sessionRoutes,
  simulatorRoutes,
  templateRoutes,
  webhookRoutes,
  webrtcRoutes,
} = contract;
const groups = [
  identityRoutes,
  backgroundImageRoutes,
  templateRoutes,
  sessionRoutes,
  avatarCredentialRoutes,
  webrtcRoutes.whip,
  webrtcRoutes.whep,
  conversationRoutes,
  webhookRoutes,
  simulatorRoutes,
];
for (const group of groups) {
  for (const route of Object.values(group)) app.openAPIRegistry.registerPath(route);
}
writeOrCheck('packages/contract/openapi.json', `${JSON.stringify(createOpenApiDocument(app, version), null, 2)}\n`);
