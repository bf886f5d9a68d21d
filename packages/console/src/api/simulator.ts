import type { BacklotApiError, SimulatedChatDetail, SimulatedMessage, SimulatorFaults, SimulatorFaultsInput } from '@backlot/client';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useBacklot } from './backlot-context.js';

const SIMULATOR = 'simulator';
const chatKey = (id: string) => [SIMULATOR, 'chat', id] as const;
const FAULTS = [SIMULATOR, 'faults'] as const;

/** A chat on the simulated phone, kept up to date; an error where the provider is no simulator. */
export const useSimulatedChat = (id: string) => {
  const backlot = useBacklot();
  const queries = useQueryClient();
  const query = useQuery<SimulatedChatDetail, BacklotApiError>({
    queryKey: chatKey(id),
    queryFn: ({ signal }) => backlot.simulator.chat(id, { signal }),
    retry: false,
  });
  const isThere = query.data !== undefined;
  useEffect(() => {
    if (!isThere) return undefined;
    const abort = new AbortController();
    const follow = async (): Promise<void> => {
      const onOpen = (): void => void queries.invalidateQueries({ queryKey: chatKey(id) });
      for await (const { data } of backlot.simulator.events({ signal: abort.signal, onOpen })) {
        if (data.chat_id === id) void queries.invalidateQueries({ queryKey: chatKey(id) });
      }
    };
    follow().catch(() => undefined);
    return () => abort.abort();
  }, [backlot, queries, id, isThere]);
  return query;
};

/** Writes as the other person. */
export const useSimulatedWriting = (id: string) => {
  const backlot = useBacklot();
  return useMutation<SimulatedMessage, BacklotApiError, { readonly text: string; readonly sender: string | undefined }>({
    mutationFn: ({ text, sender }) => backlot.simulator.write(id, { text, ...(sender === undefined ? {} : { sender }) }),
  });
};

/** Changes or removes the wallpaper by hand, on the phone. */
export const useSimulatedWallpaper = (id: string) => {
  const backlot = useBacklot();
  const queries = useQueryClient();
  return useMutation<SimulatedChatDetail, BacklotApiError, File | null>({
    mutationFn: (file) => (file === null ? backlot.simulator.removeWallpaper(id) : backlot.simulator.setWallpaper(id, file)),
    onSuccess: (chat) => queries.setQueryData(chatKey(id), chat),
  });
};

/** How the simulated provider misbehaves. */
export const useSimulatorFaults = () => {
  const backlot = useBacklot();
  return useQuery<SimulatorFaults, BacklotApiError>({ queryKey: FAULTS, queryFn: ({ signal }) => backlot.simulator.faults({ signal }) });
};

/** Makes the simulated provider misbehave, or well again. */
export const useSetSimulatorFaults = () => {
  const backlot = useBacklot();
  const queries = useQueryClient();
  return useMutation<SimulatorFaults, BacklotApiError, SimulatorFaultsInput>({
    mutationFn: (faults) => backlot.simulator.setFaults(faults),
    onSuccess: (faults) => queries.setQueryData(FAULTS, faults),
  });
};
