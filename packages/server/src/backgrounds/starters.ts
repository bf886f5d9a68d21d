import { readFile } from 'node:fs/promises';
import type { BackgroundImageService } from './service.js';

/** Backgrounds that a new library begins with; drawn by `assets/backgrounds/generate.mjs`. The last is listed first. */
const STARTERS = [
  { title: 'Studio wall', file: 'studio-wall.jpg' },
  { title: 'Evening city', file: 'evening-city.jpg' },
  { title: 'Sunlit office', file: 'sunlit-office.jpg' },
] as const;

const folder = new URL('../../assets/backgrounds/', import.meta.url);

/** Puts the starter backgrounds into a new organization's library. For its first start only: what is deleted stays away. */
export const seedStarterBackgrounds = async (service: BackgroundImageService, organizationId: string): Promise<void> => {
  for (const { title, file } of STARTERS) {
    await service.create(organizationId, { title, bytes: await readFile(new URL(file, folder)) });
  }
};
