import { describeStage } from '../port.contract.js';
import { createRig, type Rig, SyntheticPublisher, SyntheticViewer } from './rig.testing.js';

describeStage('embedded', async () => {
  const rig = await createRig({ lostAfterMs: 1000, viewerSilentMs: 1000 });
  const at = (sessionId: string): Rig => ({
    ...rig,
    sessionId,
    post: async (kind, sdp) =>
      fetch(`${rig.url}/v1/sessions/${sessionId}/${kind}`, { method: 'POST', body: sdp, headers: { 'content-type': 'application/sdp' } }),
  });
  return {
    stage: rig.stage,
    place: (sessionId) => ({ sessionId, room: null, viewerIdentity: null }),
    publish: async ({ sessionId }) => {
      const publisher = new SyntheticPublisher();
      await publisher.publish(at(sessionId));
      publisher.start();
      return { [Symbol.asyncDispose]: async () => publisher[Symbol.dispose]() };
    },
    watch: async ({ sessionId }) => {
      const viewer = new SyntheticViewer();
      await viewer.watch(at(sessionId));
      return { [Symbol.asyncDispose]: async () => viewer[Symbol.dispose]() };
    },
    [Symbol.asyncDispose]: async () => rig[Symbol.asyncDispose](),
  };
});
