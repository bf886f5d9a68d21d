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
export type { ListWebhookEventsOptions, WebhookEndpointsApi, WebhookEventsApi } from './webhooks.js';
export type { EventsOptions } from './session-events.js';
export type { BacklotClientOptions, CallOptions, CreateOptions } from './transport.js';
export type {
  Advice,
  Avatar,
  AvatarOption,
  BackgroundChange,
  BackgroundImage,
  Canvas,
  CreatedWebhookEndpoint,
  CreateSessionInput,
  CreateWebhookEndpointInput,
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
  UpdateWebhookEndpoint,
  WebhookDelivery,
  WebhookDeliveryError,
  WebhookEndpoint,
  WebhookEvent,
  WebhookEventType,
  WebhookSecret,
} from '@backlot/contract';
