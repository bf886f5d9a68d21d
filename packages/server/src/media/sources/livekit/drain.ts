/** A reader of something that is read until it ends, such as one of rtc-node's streams of frames. */
export interface Reader<Chunk> {
  read(): Promise<{ readonly done: boolean; readonly value?: Chunk | undefined }>;
  cancel(): Promise<void>;
}

/**
 * Reads as fast as it comes: a stream's queue on our side has no bound, so whoever pauses collects frames. `take`
 * must not throw. Returns what stops it.
 */
export const drain = <Chunk>(reader: Reader<Chunk>, take: (chunk: Chunk) => void): (() => void) => {
  let isStopped = false;
  const run = async (): Promise<void> => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done || isStopped) return;
      if (value !== undefined) take(value);
    }
  };
  // A stream that breaks has ended.
  void run().catch(() => undefined);
  return () => {
    if (isStopped) return;
    isStopped = true;
    // Not closing the track: an unsubscribed video track never ends its streams by itself (rtc-node 0.13).
    void reader.cancel().catch(() => undefined);
  };
};
