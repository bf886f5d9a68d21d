import type {
  BacklotApiError,
  CreatedWebhookEndpoint,
  CreateWebhookEndpointInput,
  Page,
  UpdateWebhookEndpoint,
  WebhookEndpoint,
  WebhookEvent,
  WebhookEventType,
  WebhookSecret,
} from '@backlot/client';
import { type InfiniteData, useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useBacklot } from './backlot-context.js';

const ENDPOINTS = 'webhook-endpoints';
const EVENTS = 'webhook-events';
/** How often the events are read anew, in milliseconds: often while something is on its way. */
const REFRESH_MS = 5_000;
const REFRESH_PENDING_MS = 1_000;
/** Something that waits longer for its next attempt is not watched. */
const SOON_MS = 60_000;

/** The endpoints, newest first. There are at most 50 of them: one page. */
export const useWebhookEndpoints = () => {
  const backlot = useBacklot();
  return useQuery<Page<WebhookEndpoint>, BacklotApiError>({
    queryKey: [ENDPOINTS, 'list'],
    queryFn: ({ signal }) => backlot.webhookEndpoints.list({ limit: 100, signal }),
    refetchInterval: REFRESH_MS,
  });
};

/** Whether something is sent just now. */
const isUnderWay = ({ deliveries }: WebhookEvent): boolean =>
  deliveries.some(({ state, next_attempt_at: at }) => state === 'pending' && at !== null && Date.parse(at) < Date.now() + SOON_MS);

/** What happened, newest first, kept up to date. */
export const useWebhookEvents = (type: WebhookEventType | undefined) => {
  const backlot = useBacklot();
  return useInfiniteQuery<Page<WebhookEvent>, BacklotApiError, InfiniteData<Page<WebhookEvent>>, readonly unknown[], string | undefined>({
    queryKey: [EVENTS, 'list', type ?? 'all'],
    queryFn: ({ pageParam, signal }) =>
      backlot.webhookEvents.list({ limit: 20, signal, ...(type === undefined ? {} : { type }), ...(pageParam === undefined ? {} : { cursor: pageParam }) }),
    initialPageParam: undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    placeholderData: (previous) => previous,
    refetchInterval: ({ state }) => (state.data?.pages.some(({ data }) => data.some(isUnderWay)) === true ? REFRESH_PENDING_MS : REFRESH_MS),
  });
};

/** One event, kept up to date. */
export const useWebhookEvent = (id: string) => {
  const backlot = useBacklot();
  return useQuery<WebhookEvent, BacklotApiError>({
    queryKey: [EVENTS, 'one', id],
    queryFn: ({ signal }) => backlot.webhookEvents.get(id, { signal }),
    refetchInterval: ({ state }) => (state.data !== undefined && isUnderWay(state.data) ? REFRESH_PENDING_MS : REFRESH_MS),
  });
};

/** Adds an endpoint. */
export const useCreateWebhookEndpoint = () => {
  const backlot = useBacklot();
  const queries = useQueryClient();
  return useMutation<CreatedWebhookEndpoint, BacklotApiError, CreateWebhookEndpointInput>({
    mutationFn: (input) => backlot.webhookEndpoints.create(input),
    onSuccess: () => queries.invalidateQueries({ queryKey: [ENDPOINTS] }),
  });
};

/** Changes an endpoint. */
export const useUpdateWebhookEndpoint = () => {
  const backlot = useBacklot();
  const queries = useQueryClient();
  return useMutation<WebhookEndpoint, BacklotApiError, UpdateWebhookEndpoint & { readonly id: string }>({
    mutationFn: ({ id, ...change }) => backlot.webhookEndpoints.update(id, change),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: [ENDPOINTS] });
      await queries.invalidateQueries({ queryKey: [EVENTS] });
    },
  });
};

/** Deletes an endpoint. */
export const useDeleteWebhookEndpoint = () => {
  const backlot = useBacklot();
  const queries = useQueryClient();
  return useMutation<void, BacklotApiError, string>({
    mutationFn: (id) => backlot.webhookEndpoints.delete(id),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: [ENDPOINTS] });
      await queries.invalidateQueries({ queryKey: [EVENTS] });
    },
  });
};

/** Signing secret of an endpoint; forgotten as soon as it is not shown any more. */
export const useWebhookSecret = (id: string) => {
  const backlot = useBacklot();
  return useQuery<WebhookSecret, BacklotApiError>({
    queryKey: [ENDPOINTS, 'secret', id],
    queryFn: ({ signal }) => backlot.webhookEndpoints.secret(id, { signal }),
    gcTime: 0,
    staleTime: 0,
  });
};

/** Replaces the signing secret of an endpoint. */
export const useRotateWebhookSecret = (id: string) => {
  const backlot = useBacklot();
  const queries = useQueryClient();
  return useMutation<WebhookSecret, BacklotApiError>({
    mutationFn: () => backlot.webhookEndpoints.rotateSecret(id),
    onSuccess: (secret) => queries.setQueryData([ENDPOINTS, 'secret', id], secret),
  });
};

/** Sends a test event to an endpoint. */
export const useTestWebhookEndpoint = () => {
  const backlot = useBacklot();
  const queries = useQueryClient();
  return useMutation<WebhookEvent, BacklotApiError, string>({
    mutationFn: (id) => backlot.webhookEndpoints.test(id),
    onSuccess: () => queries.invalidateQueries({ queryKey: [EVENTS] }),
  });
};

/** Sends an event once more, to one endpoint or to all that ask for it. */
export const useReplayWebhookEvent = () => {
  const backlot = useBacklot();
  const queries = useQueryClient();
  return useMutation<WebhookEvent, BacklotApiError, { readonly id: string; readonly endpointId?: string }>({
    mutationFn: ({ id, ...to }) => backlot.webhookEvents.replay(id, to),
    onSuccess: (event) => {
      queries.setQueryData([EVENTS, 'one', event.id], event);
      return queries.invalidateQueries({ queryKey: [EVENTS, 'list'] });
    },
  });
};
