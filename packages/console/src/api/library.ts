import type { BackgroundImage, BackgroundImageSort, BacklotApiError, CountedPage } from '@backlot/client';
import { type InfiniteData, skipToken, useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useBacklot } from './backlot-context.js';

const LIBRARY = 'background-images';

/** The library, page by page, newest first unless sorted otherwise. */
export const useLibrary = (search: string, sort: BackgroundImageSort = '-created_at') => {
  const backlot = useBacklot();
  return useInfiniteQuery<CountedPage<BackgroundImage>, BacklotApiError, InfiniteData<CountedPage<BackgroundImage>>, readonly unknown[], string | undefined>({
    queryKey: [LIBRARY, 'list', search, sort],
    queryFn: ({ pageParam, signal }) =>
      backlot.backgroundImages.list({
        signal,
        sort,
        includeTotal: true,
        ...(search === '' ? {} : { search }),
        ...(pageParam === undefined ? {} : { cursor: pageParam }),
      }),
    initialPageParam: undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    placeholderData: (previous) => previous,
  });
};

/** One image of the library; null asks for none. */
export const useBackgroundImage = (id: string | null) => {
  const backlot = useBacklot();
  return useQuery<BackgroundImage, BacklotApiError>({
    queryKey: [LIBRARY, 'one', id],
    queryFn: id === null ? skipToken : ({ signal }) => backlot.backgroundImages.get(id, { signal }),
  });
};

/** Renames at once and goes back when the server refuses. */
export const useRenameBackgroundImage = (id: string) => {
  const backlot = useBacklot();
  const queries = useQueryClient();
  const key = [LIBRARY, 'one', id];
  return useMutation<BackgroundImage, BacklotApiError, string, { readonly before: BackgroundImage | undefined }>({
    mutationFn: (title) => backlot.backgroundImages.rename(id, title),
    onMutate: async (title) => {
      await queries.cancelQueries({ queryKey: key });
      const before = queries.getQueryData<BackgroundImage>(key);
      if (before !== undefined) queries.setQueryData(key, { ...before, title });
      return { before };
    },
    onError: (_error, _title, context) => queries.setQueryData(key, context?.before),
    onSuccess: (image) => {
      queries.setQueryData(key, image);
      return queries.invalidateQueries({ queryKey: [LIBRARY, 'list'] });
    },
  });
};

/** Deletes an image from the library. */
export const useDeleteBackgroundImage = () => {
  const backlot = useBacklot();
  const queries = useQueryClient();
  return useMutation<void, BacklotApiError, string>({
    mutationFn: (id) => backlot.backgroundImages.delete(id),
    onSuccess: async (_nothing, id) => {
      queries.removeQueries({ queryKey: [LIBRARY, 'one', id], type: 'inactive' });
      await queries.invalidateQueries({ queryKey: [LIBRARY, 'list'] });
    },
  });
};

/** Shows what was uploaded. */
export const useRefreshLibrary = () => {
  const queries = useQueryClient();
  return async (): Promise<void> => queries.invalidateQueries({ queryKey: [LIBRARY, 'list'] });
};
