// The part of WebAssembly that is used here; Node has it, and its declarations come with the DOM's only.
declare namespace WebAssembly {
  class Module {
    private readonly brand: 'module';
  }
  function compile(bytes: Uint8Array): Promise<Module>;
}
