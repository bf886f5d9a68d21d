import type { AvatarCredential, AvatarVendor, BacklotApiError } from '@backlot/client';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useBacklot } from './backlot-context.js';

const CREDENTIALS = 'avatar-credentials';

/** The vendors that a key is stored for. */
export const useAvatarCredentials = () => {
  const backlot = useBacklot();
  return useQuery<readonly AvatarCredential[], BacklotApiError>({
    queryKey: [CREDENTIALS],
    queryFn: ({ signal }) => backlot.avatarCredentials.list({ signal }),
  });
};

/** What a key changes: the list of keys, and which avatars are there. */
const useRefresh = () => {
  const queries = useQueryClient();
  return async (): Promise<void> => {
    await Promise.all([queries.invalidateQueries({ queryKey: [CREDENTIALS] }), queries.invalidateQueries({ queryKey: ['avatars'] })]);
  };
};

/** Stores a vendor's key, in place of the one before. */
export const usePutAvatarCredential = () => {
  const backlot = useBacklot();
  const refresh = useRefresh();
  return useMutation<AvatarCredential, BacklotApiError, { readonly vendor: AvatarVendor; readonly apiKey: string }>({
    mutationFn: ({ vendor, apiKey }) => backlot.avatarCredentials.put(vendor, apiKey),
    // A key stays in no cache.
    gcTime: 0,
    onSuccess: refresh,
  });
};

/** Deletes a vendor's key. */
export const useDeleteAvatarCredential = () => {
  const backlot = useBacklot();
  const refresh = useRefresh();
  return useMutation<void, BacklotApiError, AvatarVendor>({ mutationFn: (vendor) => backlot.avatarCredentials.delete(vendor), onSuccess: refresh });
};
