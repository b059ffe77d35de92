/** Types of the packages that carry none, as far as they are used here. */
declare module "fft.js" {
  export default class FFT {
    constructor(size: number);
    createComplexArray(): number[];
    /** Fills the first half of the spectrum of a real signal: out[2k], out[2k+1] are real and imaginary part of bin k <= size/2. */
    realTransform(out: ArrayLike<number>, input: ArrayLike<number>): void;
  }
}

declare module "node-wav" {
  export function encode(channels: readonly Float32Array[], options: { sampleRate: number; float: boolean; bitDepth: number }): Uint8Array;
  export function decode(bytes: Uint8Array): { sampleRate: number; channelData: readonly Float32Array[] };
}
