import { TelltaleError } from '../../errors';

/**
 * The decoder of libzstd, as WebAssembly from the package zstddec. Only its exports are used: its own streaming neither
 * sees errors nor can it wait for bytes. All decoders share one instance and its memory.
 */
export interface Libzstd {
  readonly memory: { readonly buffer: ArrayBuffer };
  /** @returns an address; 0 when there is no memory left */
  malloc(bytes: number): number;
  free(address: number): void;
  ZSTD_createDCtx(): number;
  ZSTD_freeDCtx(context: number): number;
  /**
   * @param output, input addresses of three 32-bit numbers each: address, size and position of a buffer
   * @returns 0 at the end of a frame; a number above 0 while it expects more; an error as a small negative number
   */
  ZSTD_decompressStream(context: number, output: number, input: number): number;
}

let loading: Promise<Libzstd> | null = null;

/**
 * Loads the library on first use.
 * @throws INTERNAL when the installed version is not the one that Telltale was built for
 */
export function loadLibzstd(): Promise<Libzstd> {
  loading ??= load();
  return loading;
}

async function load(): Promise<Libzstd> {
  const { ZSTDDecoder } = await import('zstddec/stream');
  let found: unknown = null;
  class Decoder extends ZSTDDecoder {
    override _init(result: Instantiated): void {
      super._init(result);
      found = result.instance.exports;
    }
  }
  await new Decoder().init();
  if (isLibzstd(found)) return found;
  throw new TelltaleError('INTERNAL', 'The package zstddec is not version 0.3.4: run npm ci.');
}

/** What `WebAssembly.instantiate` resolves to. */
interface Instantiated {
  readonly instance: { readonly exports: unknown };
}

const functions = ['malloc', 'free', 'ZSTD_createDCtx', 'ZSTD_freeDCtx', 'ZSTD_decompressStream'];

function isLibzstd(found: unknown): found is Libzstd {
  if (typeof found !== 'object' || found === null) return false;
  return functions.every((name) => typeof Reflect.get(found, name) === 'function') && 'memory' in found;
}
