/** NumPy's .npy files (format 1.0, little-endian float32, C order): the arrays of prepared clips. */
import { TalkfaceError } from "../base/errors.js";

export interface FloatArray {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

const magic = "\x93NUMPY";
/** NumPy pads the header so that the data starts at a multiple of this. */
const alignment = 64;
const longestHeader = 65_535;

/** Bytes of a .npy file that holds `data` with the given shape, row-major. */
export function encodeNpy({ data, shape }: FloatArray): Uint8Array {
  const count = shape.reduce((product, side) => product * side, 1);
  if (count !== data.length) {
    throw new TalkfaceError("internal", `npy: ${data.length} values do not fill the shape [${shape.join(", ")}].`);
  }
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const dictionary = `{'descr': '<f4', 'fortran_order': False, 'shape': ${tuple}, }`;
  const before = magic.length + 4;
  const total = Math.ceil((before + dictionary.length + 1) / alignment) * alignment;
  const bytes = Buffer.alloc(total + data.length * 4);
  bytes.write(magic, 0, "latin1");
  bytes[6] = 1;
  bytes[7] = 0;
  bytes.writeUInt16LE(total - before, 8);
  bytes.write(`${dictionary.padEnd(total - before - 1)}\n`, before, "latin1");
  for (let i = 0; i < data.length; i++) bytes.writeFloatLE(data[i] as number, total + 4 * i);
  return bytes;
}

/** Reads what `encodeNpy` or NumPy's `save` wrote; any other type, order or version is `bad-data`, with `where` in the message. */
export function decodeNpy(bytes: Uint8Array, where: string): FloatArray {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const bad = (what: string): TalkfaceError => new TalkfaceError("bad-data", `${where}: ${what}. Prepare the data again.`);
  if (buffer.length < 10 || buffer.toString("latin1", 0, 6) !== magic) throw bad("not a .npy file");
  const version = buffer[6] as number;
  if (version < 1 || version > 3) throw bad(`.npy version ${version}, expected 1`);
  const lengthBytes = version === 1 ? 2 : 4;
  const before = 8 + lengthBytes;
  if (buffer.length < before) throw bad("the .npy header is cut off");
  const headerLength = buffer.readUIntLE(8, lengthBytes);
  if (headerLength > longestHeader || before + headerLength > buffer.length) throw bad("the .npy header is cut off");
  const header = buffer.toString("latin1", before, before + headerLength);
  const type = /'descr'\s*:\s*'([^']*)'/.exec(header)?.[1];
  if (type !== "<f4") throw bad(`values of type ${type ?? "unknown"}, expected '<f4'`);
  if (!/'fortran_order'\s*:\s*False/.test(header)) throw bad("the .npy array is not in C order");
  const tuple = /'shape'\s*:\s*\(([\d,\s]*)\)/.exec(header)?.[1];
  if (tuple === undefined) throw bad("the .npy header has no shape");
  const shape = tuple.split(",").map((side) => side.trim()).filter((side) => side !== "").map(Number);
  const count = shape.reduce((product, side) => product * side, 1);
  const start = before + headerLength;
  if (!Number.isSafeInteger(count) || count * 4 !== buffer.length - start) {
    throw bad(`the shape [${shape.join(", ")}] needs ${count * 4} bytes, got ${buffer.length - start}`);
  }
  const data = new Float32Array(count);
  for (let i = 0; i < count; i++) data[i] = buffer.readFloatLE(start + 4 * i);
  return { data, shape };
}
