/** Weights that PyTorch saved: the zip container of today and the legacy one before 1.6. Nothing in the file is executed (pickle.ts). */
import { TalkfaceError } from "../base/errors.js";
import { readBytes } from "../base/files.js";
import { halfValue } from "../graph/half.js";
import { PickleGlobal, type Pickled, unpickle } from "./pickle.js";
import { zipEntries } from "./zip.js";

/** A tensor as float32, in the order of its axes. */
export interface TorchTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** A tensor is not larger than that. */
const mostBytes = 2 ** 31;
const legacyMagic = 0x1950a86a20f9469cfc6cn;
const legacyProtocol = 1001;

type Reader = (view: DataView, at: number) => number;
const brainOf = (bits: number): number => new Float32Array(new Uint32Array([bits << 16]).buffer)[0]!;

/** Bytes of an element and how it is read, by the name of its storage class. */
const storages: Readonly<Record<string, { readonly size: number; readonly read: Reader }>> = {
  "torch.FloatStorage": { size: 4, read: (v, at) => v.getFloat32(at, true) },
  "torch.DoubleStorage": { size: 8, read: (v, at) => v.getFloat64(at, true) },
  "torch.HalfStorage": { size: 2, read: (v, at) => halfValue(v.getUint16(at, true)) },
  "torch.BFloat16Storage": { size: 2, read: (v, at) => brainOf(v.getUint16(at, true)) },
  "torch.LongStorage": { size: 8, read: (v, at) => Number(v.getBigInt64(at, true)) },
  "torch.IntStorage": { size: 4, read: (v, at) => v.getInt32(at, true) },
  "torch.ShortStorage": { size: 2, read: (v, at) => v.getInt16(at, true) },
  "torch.CharStorage": { size: 1, read: (v, at) => v.getInt8(at) },
  "torch.ByteStorage": { size: 1, read: (v, at) => v.getUint8(at) },
  "torch.BoolStorage": { size: 1, read: (v, at) => v.getUint8(at) },
};

/** Numbers that tensors are views of; legacy files hold them after the tensors. */
class Storage {
  readonly type: string;
  readonly key: string;
  bytes: Uint8Array | null = null;
  constructor(type: string, key: string) {
    this.type = type;
    this.key = key;
  }
}

/** A tensor before its numbers are there. */
class Lazy {
  readonly storage: Storage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  constructor(storage: Storage, offset: number, shape: readonly number[], strides: readonly number[]) {
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
}

/**
 * All tensors of a file by name; names of nested dictionaries are joined by dots, and a prefix that all share (`state_dict.`, `module.`) is
 * left out. Throws `bad-model` for anything that is not tensors in plain containers, `missing-file`.
 */
export async function readTorchFile(path: string): Promise<Map<string, TorchTensor>> {
  const bytes = await readBytes(path, { code: "bad-model" });
  const root = bytes.subarray(0, 4).toString("latin1") === "PK\x03\x04" ? fromZip(bytes, path) : fromLegacy(bytes, path);
  const tensors = new Map<string, TorchTensor>();
  collect(root, "", tensors, path);
  if (tensors.size === 0) throw new TalkfaceError("bad-model", `${path}: holds no tensor. Give a file of weights (a state_dict).`);
  return withoutPrefix(tensors);
}

function rules(where: string, storageOf: (type: string, key: string) => Storage): Parameters<typeof unpickle>[2] {
  const bad = (what: string): never => {
    throw new TalkfaceError("bad-model", `${where}: ${what}. Give a file that PyTorch saved and that holds nothing but tensors.`);
  };
  const numbers = (value: Pickled | undefined): number[] => (Array.isArray(value) && value.every((n) => Number.isSafeInteger(Number(n)) && Number(n) >= 0) ? value.map(Number) : bad("a tensor has no shape"));
  const tensor = ([storage, offset, shape, strides]: readonly Pickled[]): Lazy => {
    if (!(storage instanceof Storage) || !Number.isSafeInteger(Number(offset)) || Number(offset) < 0) return bad("a tensor has no storage");
    const [sizes, steps] = [numbers(shape), numbers(strides)];
    if (sizes.length !== steps.length || sizes.length > 8) return bad("a tensor's shape and strides differ");
    return new Lazy(storage, Number(offset), sizes, steps);
  };
  return {
    where,
    call: (name, args) => {
      if (name === "collections.OrderedDict") return args.length === 0 ? new Map() : new Map((Array.isArray(args[0]) ? args[0] : []).filter((pair): pair is [Pickled, Pickled] => Array.isArray(pair) && pair.length === 2));
      if (name === "torch._utils._rebuild_tensor_v2" || name === "torch._utils._rebuild_tensor") return tensor(args);
      if (name === "torch._utils._rebuild_parameter") return args[0];
      return undefined;
    },
    persistent: (id) => {
      if (!Array.isArray(id) || id[0] !== "storage" || !(id[1] instanceof PickleGlobal)) return bad("something outside of the pickle is no storage");
      const type = id[1].name;
      if (!Object.hasOwn(storages, type)) return bad(`numbers of the type ${type} are not read`);
      return storageOf(type, String(id[2]));
    },
  };
}

function fromZip(bytes: Buffer, path: string): Pickled {
  const entries = zipEntries(bytes, path);
  const pickleName = [...entries.keys()].find((name) => name.endsWith("/data.pkl") || name === "data.pkl");
  if (pickleName === undefined) throw new TalkfaceError("bad-model", `${path}: the archive holds no data.pkl: it was not saved by torch.save.`);
  const folder = pickleName.slice(0, -"data.pkl".length);
  const order = entries.get(`${folder}byteorder`);
  if (order !== undefined && new TextDecoder().decode(order).trim() !== "little") throw new TalkfaceError("bad-model", `${path}: was saved on a big-endian machine, which is not read.`);
  const made = new Map<string, Storage>();
  const storageOf = (type: string, key: string): Storage => {
    const known = made.get(key);
    if (known !== undefined && known.type === type) return known;
    const storage = new Storage(type, key);
    const data = entries.get(`${folder}data/${key}`);
    if (data === undefined) throw new TalkfaceError("bad-model", `${path}: the numbers ${key} are missing in the archive.`);
    storage.bytes = data;
    made.set(key, storage);
    return storage;
  };
  return unpickle(entries.get(pickleName)!, 0, rules(`${path}: data.pkl`, storageOf)).value;
}

function fromLegacy(bytes: Buffer, path: string): Pickled {
  const made = new Map<string, Storage>();
  const own = rules(path, (type, key) => {
    const storage = made.get(key) ?? new Storage(type, key);
    made.set(key, storage);
    return storage;
  });
  const bad = (what: string): never => {
    throw new TalkfaceError("bad-model", `${path}: ${what}. Give a file that torch.save wrote.`);
  };
  const magic = unpickle(bytes, 0, own);
  if (magic.value !== legacyMagic) bad("is no file of PyTorch");
  const protocol = unpickle(bytes, magic.end, own);
  if (protocol.value !== legacyProtocol) bad(`has the version ${String(protocol.value)}, expected ${legacyProtocol}`);
  const system = unpickle(bytes, protocol.end, own);
  if (system.value instanceof Map && system.value.get("little_endian") === false) bad("was saved on a big-endian machine, which is not read");
  const root = unpickle(bytes, system.end, own);
  const keys = unpickle(bytes, root.end, own);
  if (!Array.isArray(keys.value)) return bad("the list of its numbers is missing");
  let at = keys.end;
  for (const key of keys.value) {
    const storage = made.get(String(key));
    if (storage === undefined || at + 8 > bytes.length) return bad(`the numbers ${String(key)} are missing`);
    const length = Number(bytes.readBigInt64LE(at)) * storages[storage.type]!.size;
    if (!(length >= 0) || at + 8 + length > bytes.length) return bad(`the file ends within the numbers ${String(key)}`);
    storage.bytes = bytes.subarray(at + 8, at + 8 + length);
    at += 8 + length;
  }
  return root.value;
}

/** Dictionaries in dictionaries are not deeper than this; a list may hold itself. */
const deepest = 32;

function collect(value: Pickled, name: string, tensors: Map<string, TorchTensor>, path: string, depth = 0): void {
  if (depth > deepest) throw new TalkfaceError("bad-model", `${path}: its containers are nested too deep. Give a file of weights (a state_dict).`);
  if (value instanceof Lazy) tensors.set(name, numbersOf(value, name, path));
  else if (value instanceof Map) for (const [key, inner] of value) collect(inner, name === "" ? String(key) : `${name}.${String(key)}`, tensors, path, depth + 1);
  else if (Array.isArray(value)) value.forEach((inner, i) => collect(inner, name === "" ? String(i) : `${name}.${i}`, tensors, path, depth + 1));
}

function numbersOf({ storage, offset, shape, strides }: Lazy, name: string, path: string): TorchTensor {
  const { size, read } = storages[storage.type]!;
  const count = shape.reduce((a, b) => a * b, 1);
  const last = count === 0 ? -1 : offset + shape.reduce((sum, n, i) => sum + (n - 1) * strides[i]!, 0);
  const { bytes } = storage;
  if (bytes === null || !Number.isSafeInteger(count) || (last + 1) * size > bytes.length || count * 4 > mostBytes) throw new TalkfaceError("bad-model", `${path}: the tensor ${name} [${shape.join(", ")}] is larger than its numbers.`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const data = new Float32Array(count);
  const index = new Array<number>(shape.length).fill(0);
  for (let i = 0, at = offset; i < count; i++) {
    data[i] = read(view, at * size);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      at -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return { shape, data };
}

/** Names as the network has them: what a training script put around them is left out. */
function withoutPrefix(tensors: Map<string, TorchTensor>): Map<string, TorchTensor> {
  const wrapped = [...tensors].filter(([name]) => name.startsWith("state_dict."));
  const chosen = wrapped.length > 0 ? wrapped.map(([name, tensor]) => [name.slice("state_dict.".length), tensor] as const) : [...tensors];
  const parallel = chosen.every(([name]) => name.startsWith("module."));
  return new Map(chosen.map(([name, tensor]) => [parallel ? name.slice("module.".length) : name, tensor]));
}
