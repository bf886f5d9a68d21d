import { fileURLToPath } from 'node:url';

/** Folder of the committed SQL, seen from `src/database` and `dist/database` alike. */
export const migrationsFolder = fileURLToPath(new URL('../../migrations', import.meta.url));
