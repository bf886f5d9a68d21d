/** What `keyer.wasm` exports; `assembly/index.ts` says what each does. Globals are addresses and strides in bytes. */
export interface KeyerExports extends WebAssembly.Exports {
  readonly luma: WebAssembly.Global<'i32'>;
  readonly lumaStride: WebAssembly.Global<'i32'>;
  readonly chromaU: WebAssembly.Global<'i32'>;
  readonly chromaV: WebAssembly.Global<'i32'>;
  readonly chromaStride: WebAssembly.Global<'i32'>;
  readonly interleaved: WebAssembly.Global<'i32'>;
  readonly given: WebAssembly.Global<'i32'>;
  readonly givenBytes: WebAssembly.Global<'i32'>;
  readonly rgba: WebAssembly.Global<'i32'>;
  readonly behind: WebAssembly.Global<'i32'>;
  readonly behindLuma: WebAssembly.Global<'i32'>;
  readonly behindU: WebAssembly.Global<'i32'>;
  readonly behindV: WebAssembly.Global<'i32'>;
  readonly keyedLuma: WebAssembly.Global<'i32'>;
  readonly keyedU: WebAssembly.Global<'i32'>;
  readonly keyedV: WebAssembly.Global<'i32'>;
  readonly cells: WebAssembly.Global<'i32'>;
  layOut(width: number, height: number, cellsAcross: number, cellsDown: number): number;
  setModel(isLeft: boolean, hueGuard: number, hueTolerance: number, hueSpread: number, ceiling: number, detail: number, spill: number, spillLuma: number): void;
  setCoding(black: number, white: number, gain: number, redV: number, greenU: number, greenV: number, blueU: number, noise: number): void;
  setScreen(cellsAcross: number, cellsDown: number, spanAcross: number, spanDown: number, black: number): void;
  setReading(unit: number, yRed: number, yBlue: number, uRed: number, uBlue: number, vRed: number, vBlue: number): void;
  placeRows(to: number, toStride: number, fromStride: number, bytes: number, rows: number): void;
  deinterleave(): void;
  readRgba(row: number, rows: number, stride: number): void;
  setLooks(choke: number, lightWrap: number, lightReach: number): void;
  setLumaOfColor(red: number, green: number, blue: number): void;
  setMatch(gain: number, u: number, v: number, red: number, green: number, blue: number): void;
  blurRgba(reach: number): void;
  blurPlanes(lumaReach: number, chromaReach: number): void;
  changeBackground(): void;
  keyToI420(): void;
  keyToRgba(isOver: boolean, isPremultiplied: boolean): void;
}
