import { useBackgroundImage } from '../api/library.js';
import { ownAddress } from '../api/own-address.js';

/** Address of a library's image for a preview; null while there is none to show. */
export const usePreviewImage = (id: string | null): string | null => {
  const image = useBackgroundImage(id).data;
  return id === null || image === undefined ? null : ownAddress(image.image_url);
};
