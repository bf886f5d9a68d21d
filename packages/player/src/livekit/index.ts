export { attachBackground, type AttachmentStatus, type AttachOptions, type BackgroundAttachment, type BackgroundChoice } from './attach-background.js';
