import type { LivekitRoomState } from '@backlot/contract';

/** A session's state, as Backlot tells it in a room; a blue background behind the participant `avatar`. */
export const roomState = (change: Partial<LivekitRoomState> = {}): LivekitRoomState => ({
  revision: 1,
  session_id: 'sess_7kq2mx9cvt4wz8hn3pdr',
  status: 'live',
  reason: null,
  render: 'server',
  canvas: { width: 1280, height: 720 },
  framing: { scale: 1, x: 0, y: 0, crop: 'none' },
  keying: {},
  background: { has_background: true, background_id: null, background_version: 1, image_url: null, color: '#0000ff', fit: 'cover', transition_ms: 0 },
  avatar_identity: 'avatar',
  program_identity: null,
  ...change,
});
