import { createRequire } from 'node:module';

/** A local track; it must be stopped, or it keeps the process alive. */
export interface LocalTrack {
  stop(): void;
}

/** A track of the other side. */
export interface RemoteTrack {
  readonly kind: 'video' | 'audio';
}

/** The part of `@roamhq/wrtc` that publishing and watching need; its own declarations lean on the DOM's. */
export interface Wrtc {
  readonly RTCPeerConnection: new (configuration: { readonly bundlePolicy: 'max-bundle'; readonly iceServers: readonly [] }) => WrtcConnection;
  readonly MediaStream: new (init: { readonly id: string }) => object;
  readonly nonstandard: {
    readonly RTCVideoSource: new (init: { readonly isScreencast: boolean; readonly needsDenoising: boolean }) => WrtcVideoSource;
    readonly RTCAudioSource: new () => WrtcAudioSource;
    readonly RTCVideoSink: new (track: RemoteTrack) => WrtcVideoSink;
    readonly RTCAudioSink: new (track: RemoteTrack) => WrtcAudioSink;
  };
}

export interface WrtcConnection {
  readonly connectionState: 'new' | 'connecting' | 'connected' | 'disconnected' | 'failed' | 'closed';
  onconnectionstatechange: (() => void) | null;
  ontrack: ((event: { readonly track: RemoteTrack }) => void) | null;
  addTransceiver(kind: RemoteTrack['kind'], init: { readonly direction: 'recvonly' }): unknown;
  addTransceiver(
    track: LocalTrack,
    init: { readonly direction: 'sendonly'; readonly streams: readonly object[]; readonly sendEncodings?: readonly { readonly maxBitrate: number }[] },
  ): {
    setCodecPreferences(
      codecs: readonly { readonly mimeType: string; readonly clockRate: number; readonly channels?: number; readonly sdpFmtpLine?: string }[],
    ): void;
  };
  createOffer(): Promise<{ readonly type: 'offer'; readonly sdp: string }>;
  setLocalDescription(description: { readonly type: 'offer'; readonly sdp: string }): Promise<void>;
  setRemoteDescription(description: { readonly type: 'answer'; readonly sdp: string }): Promise<void>;
  close(): void;
}

export interface WrtcVideoSource {
  createTrack(): LocalTrack;
  /** Takes the whole buffer under `data`, tightly packed I420 of exactly this size, and copies it. */
  onFrame(frame: { readonly width: number; readonly height: number; readonly data: Uint8Array }): void;
}

export interface WrtcAudioSource {
  createTrack(): LocalTrack;
  /** Takes exactly 10 ms. */
  onData(chunk: {
    readonly samples: Int16Array;
    readonly sampleRate: number;
    readonly bitsPerSample: 16;
    readonly channelCount: 1;
    readonly numberOfFrames: number;
  }): void;
}

/** Decodes a track. It must be stopped, or it keeps the process alive. */
export interface WrtcVideoSink {
  /** Each frame in an array of its own: I420, tightly packed, at the size of the moment. */
  onframe: ((event: { readonly frame: { readonly width: number; readonly height: number; readonly data: Uint8Array } }) => void) | null;
  stop(): void;
}

export interface WrtcAudioSink {
  /** 10 ms at a time. */
  ondata: ((chunk: { readonly samples: Int16Array; readonly channelCount?: number; readonly numberOfFrames?: number }) => void) | null;
  stop(): void;
}

/**
 * Loads libwebrtc. A process that has made a video source must end by `process.exit`: its natural exit segfaults
 * (0.10.0).
 */
export const loadWrtc = (): Wrtc => createRequire(import.meta.url)('@roamhq/wrtc') as Wrtc;
