// A process that sends what is due in a database folder to a port of this machine, until it is killed.
import { pino } from 'pino';
import { openPgliteDatabase } from '../database/pglite/pglite-database.js';
import { WebhookDispatcher } from './dispatcher.js';
import { openSender, SEALER } from './webhooks.testing.js';

const [folder, port] = process.argv.slice(2);
const database = await openPgliteDatabase(folder);
new WebhookDispatcher({ database, sealer: SEALER, sender: openSender([{ port: Number(port) }]), log: pino({ level: 'silent' }) }).start();
