import type { BacklotApiError, CreateTemplateInput, Page, Template } from '@backlot/client';
import { type InfiniteData, skipToken, useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useBacklot } from './backlot-context.js';

const TEMPLATES = 'templates';

/** The templates, page by page, newest first. */
export const useTemplates = () => {
  const backlot = useBacklot();
  return useInfiniteQuery<Page<Template>, BacklotApiError, InfiniteData<Page<Template>>, readonly unknown[], string | undefined>({
    queryKey: [TEMPLATES, 'list'],
    queryFn: ({ pageParam, signal }) => backlot.templates.list({ signal, ...(pageParam === undefined ? {} : { cursor: pageParam }) }),
    initialPageParam: undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
};

/** One template; null asks for none. */
export const useTemplate = (id: string | null) => {
  const backlot = useBacklot();
  return useQuery<Template, BacklotApiError>({
    queryKey: [TEMPLATES, 'one', id],
    queryFn: id === null ? skipToken : ({ signal }) => backlot.templates.get(id, { signal }),
  });
};

/** Saves a template: a new one, or what the one with this id is from now on. */
export const useSaveTemplate = (id: string | null) => {
  const backlot = useBacklot();
  const queries = useQueryClient();
  return useMutation<Template, BacklotApiError, CreateTemplateInput>({
    mutationFn: (template) => (id === null ? backlot.templates.create(template) : backlot.templates.update(id, template)),
    onSuccess: (template) => {
      queries.setQueryData([TEMPLATES, 'one', template.id], template);
      return queries.invalidateQueries({ queryKey: [TEMPLATES, 'list'] });
    },
  });
};

/** Deletes a template. */
export const useDeleteTemplate = () => {
  const backlot = useBacklot();
  const queries = useQueryClient();
  return useMutation<void, BacklotApiError, string>({
    mutationFn: (id) => backlot.templates.delete(id),
    onSuccess: async (_nothing, id) => {
      queries.removeQueries({ queryKey: [TEMPLATES, 'one', id], type: 'inactive' });
      await queries.invalidateQueries({ queryKey: [TEMPLATES, 'list'] });
    },
  });
};
