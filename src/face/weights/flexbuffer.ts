/** Reader for FlexBuffers (https://flatbuffers.dev/flatbuffers_internals/#flexbuffers), the options of MediaPipe's custom operators. */
import { TalkfaceError } from "../../base/errors.js";

export type FlexValue = number | boolean | string | readonly FlexValue[] | { readonly [key: string]: FlexValue };

/** Decodes the root value. */
export function readFlexbuffer(bytes: Uint8Array): FlexValue {
  const rootWidth = bytes[bytes.length - 1]!;
  const rootType = bytes[bytes.length - 2]!;
  return new FlexReader(bytes).value(bytes.length - 2 - rootWidth, rootWidth, rootType);
}

/** Upper six bits of a packed type byte; the lower two are log2 of the width of the elements. */
const kinds = { int: 1, uint: 2, float: 3, text: 5, map: 9, vector: 10, ints: 11, uints: 12, floats: 13, intPair: 16, uintPair: 17, bool: 26 } as const;

class FlexReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The value whose slot of `slotWidth` bytes lies at `at`: scalars in the slot itself, everything else behind an offset. */
  value(at: number, slotWidth: number, packedType: number): FlexValue {
    const kind = packedType >> 2;
    if (kind === kinds.int) return this.#int(at, slotWidth);
    if (kind === kinds.uint) return this.#uint(at, slotWidth);
    if (kind === kinds.float) return this.#float(at, slotWidth);
    if (kind === kinds.bool) return this.#uint(at, slotWidth) !== 0;
    const width = 1 << (packedType & 3);
    const start = at - this.#uint(at, slotWidth);
    const length = kind === kinds.intPair || kind === kinds.uintPair ? 2 : this.#uint(start - width, width);
    const each = <T>(read: (at: number, i: number) => T): T[] => Array.from({ length }, (_, i) => read(start + i * width, i));
    const element = (place: number, i: number): FlexValue => this.value(place, width, this.#bytes[start + length * width + i]!);
    switch (kind) {
      case kinds.text:
        return new TextDecoder().decode(this.#bytes.subarray(start, start + length));
      case kinds.vector:
        return each(element);
      case kinds.ints:
      case kinds.intPair:
        return each((place) => this.#int(place, width));
      case kinds.uints:
      case kinds.uintPair:
        return each((place) => this.#uint(place, width));
      case kinds.floats:
        return each((place) => this.#float(place, width));
      case kinds.map: {
        const names = this.#keys(start - 3 * width, width, length);
        return Object.fromEntries(each(element).map((value, i) => [names[i]!, value]));
      }
      default:
        throw new TalkfaceError("internal", `internal: FlexBuffers type ${kind} is not supported.`);
    }
  }

  /** A map keeps an offset to its vector of keys and that vector's width before its length. */
  #keys(at: number, width: number, length: number): string[] {
    const start = at - this.#uint(at, width);
    const keyWidth = this.#uint(at + width, width);
    return Array.from({ length }, (_, i) => {
      const slot = start + i * keyWidth;
      const begin = slot - this.#uint(slot, keyWidth);
      return new TextDecoder().decode(this.#bytes.subarray(begin, this.#bytes.indexOf(0, begin)));
    });
  }

  #int(at: number, width: number): number {
    if (width === 1) return this.#view.getInt8(at);
    if (width === 2) return this.#view.getInt16(at, true);
    return width === 4 ? this.#view.getInt32(at, true) : Number(this.#view.getBigInt64(at, true));
  }

  #uint(at: number, width: number): number {
    if (width === 1) return this.#view.getUint8(at);
    if (width === 2) return this.#view.getUint16(at, true);
    return width === 4 ? this.#view.getUint32(at, true) : Number(this.#view.getBigUint64(at, true));
  }

  #float(at: number, width: number): number {
    return width === 4 ? this.#view.getFloat32(at, true) : this.#view.getFloat64(at, true);
  }
}
