import { describeDatabase } from './database.contract.js';
import { openPgliteDatabase } from './pglite/pglite-database.js';

describeDatabase('PGlite', async () => openPgliteDatabase());
