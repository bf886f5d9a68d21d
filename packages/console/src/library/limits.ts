/** `MAX_IMAGE_BYTES` of the contract, which would bring its schemas into the page; a test compares them. */
export const MAX_UPLOAD_BYTES = 10 * 1024 * 1024;
/** `MAX_TITLE_LENGTH` of the contract, likewise. */
export const MAX_TITLE_CHARACTERS = 200;
