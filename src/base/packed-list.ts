/** Lists of half a million descriptions in little memory. */
import { deflateRawSync, inflateRawSync } from "node:zlib";

/** Values by their number: an array, or made anew whenever one is asked for. */
export interface List<T> {
  readonly length: number;
  at(i: number): T | undefined;
}

/** Values that are packed together: more take less memory, and longer to get one out. */
const blockLength = 32;

/**
 * Values of JSON, compressed: of descriptions that resemble their neighbours, about a tenth of the memory of objects. One after the other costs some microseconds
 * each, here and there a tenth of a millisecond.
 */
export class PackedList<T> implements List<T>, Iterable<T> {
  readonly #blocks: Uint8Array[] = [];
  /** The last ones, fewer than a block. */
  #rest: T[] = [];
  /** The block that was asked for last. */
  #unpacked: { readonly block: number; readonly values: readonly T[] } = { block: -1, values: [] };

  constructor(values: Iterable<T> = []) {
    for (const value of values) this.push(value);
  }

  get length(): number {
    return this.#blocks.length * blockLength + this.#rest.length;
  }

  push(value: T): void {
    this.#rest.push(value);
    if (this.#rest.length < blockLength) return;
    // a copy, for zlib's result keeps all of its working memory
    this.#blocks.push(Uint8Array.from(deflateRawSync(JSON.stringify(this.#rest))));
    this.#rest = [];
  }

  at(i: number): T | undefined {
    const block = Math.floor(i / blockLength);
    const packed = this.#blocks[block];
    if (packed === undefined) return this.#rest[i - this.#blocks.length * blockLength];
    if (this.#unpacked.block !== block) this.#unpacked = { block, values: JSON.parse(inflateRawSync(packed).toString("utf8")) as T[] };
    return this.#unpacked.values[i % blockLength];
  }

  *[Symbol.iterator](): Generator<T> {
    for (let i = 0; i < this.length; i++) yield this.at(i)!;
  }
}
