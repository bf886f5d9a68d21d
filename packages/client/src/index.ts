export { type ApiErrorFacts, BacklotApiError, type ClientErrorCode, type ErrorDetail } from './api-error.js';
export {
  type BackgroundImagesApi,
  type BacklotClient,
  createBacklotClient,
  type ListBackgroundImagesOptions,
  type ListSessionsOptions,
  type NewBackgroundImage,
  type Page,
  type PageOptions,
  type SessionsApi,
} from './client.js';
export type { EventsOptions } from './session-events.js';
export type { BacklotClientOptions, CallOptions, CreateOptions } from './transport.js';
export type {
  Advice,
  Avatar,
  AvatarOption,
  BackgroundChange,
  BackgroundImage,
  Canvas,
  CreateSessionInput,
  EndReason,
  ErrorCode,
  LiveBackground,
  Me,
  RenditionFit,
  Session,
  SessionEvent,
  SessionStatus,
  SetBackgroundInput,
  Speech,
} from '@backlot/contract';
