/**
 * Python's pickle, read without running anything: numbers, text, lists, tuples and dictionaries are built, and of callables only those that the
 * caller knows by name, which are then functions of ours. Everything else is refused with its name.
 */
import { TalkfaceError } from "../base/errors.js";

export type Pickled = null | boolean | number | bigint | string | Uint8Array | Pickled[] | Map<Pickled, Pickled> | PickleGlobal | object;

/** A class or function by its Python name, e.g. `torch.FloatStorage`. */
export class PickleGlobal {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

export interface PickleRules {
  /** What a call of the named function gives; undefined refuses it. */
  readonly call: (name: string, args: readonly Pickled[]) => Pickled | undefined;
  /** What stands outside of the pickle under this id. */
  readonly persistent: (id: Pickled) => Pickled;
  readonly where: string;
}

/** More steps or deeper stacks than any table of weights needs. */
const mostSteps = 5_000_000;
const mark = Symbol("mark");
type Slot = Pickled | typeof mark;

/** Reads one pickle (protocols 0 to 5 as far as torch writes them) from `start`; returns its value and where it ends. */
export function unpickle(bytes: Uint8Array, start: number, { call, persistent, where }: PickleRules): { readonly value: Pickled; readonly end: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const stack: Slot[] = [];
  const memo = new Map<number, Pickled>();
  let at = start;
  const bad = (what: string): never => {
    throw new TalkfaceError("bad-model", `${where}: ${what} at byte ${at}. Give a file that PyTorch saved and that holds nothing but tensors.`);
  };
  const need = (n: number): number => {
    if (!(n >= 0) || at + n > bytes.length) bad("the file ends within a value");
    at += n;
    return at - n;
  };
  const u8 = (): number => bytes[need(1)]!;
  const u16 = (): number => view.getUint16(need(2), true);
  const u32 = (): number => view.getUint32(need(4), true);
  const u64 = (): number => Number(view.getBigUint64(need(8), true));
  const text = (n: number): string => new TextDecoder("utf-8").decode(bytes.subarray(need(n), at));
  const line = (): string => {
    const end = bytes.indexOf(10, at);
    if (end < 0) bad("a line has no end");
    const from = at;
    at = end + 1;
    return new TextDecoder("latin1").decode(bytes.subarray(from, end));
  };
  const pop = (): Pickled => {
    const top = stack.pop();
    return top === undefined || top === mark ? bad("a value is missing") : top;
  };
  const top = (): Pickled => {
    const last = stack.at(-1);
    return last === undefined || last === mark ? bad("a value is missing") : last;
  };
  const popMarked = (): Pickled[] => {
    const from = stack.lastIndexOf(mark);
    if (from < 0) bad("a mark is missing");
    const values = stack.slice(from + 1) as Pickled[];
    stack.length = from;
    return values;
  };
  const list = (value: Pickled): Pickled[] => (Array.isArray(value) ? value : bad("expected a list"));
  const setItems = (values: readonly Pickled[]): void => {
    const target = top();
    if (!(target instanceof Map) || values.length % 2 !== 0) return bad("expected a dictionary");
    for (let i = 0; i < values.length; i += 2) target.set(values[i]!, values[i + 1]!);
  };
  const recall = (key: number): Pickled => (memo.has(key) ? memo.get(key)! : bad("a reference leads nowhere"));
  const long = (n: number): bigint => {
    const from = need(n);
    let value = 0n;
    for (let i = n - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[from + i]!);
    return n > 0 && bytes[from + n - 1]! >= 128 ? value - (1n << BigInt(8 * n)) : value;
  };

  const steps: Readonly<Record<string, () => void>> = {
    "\x80": () => void u8(), // PROTO
    "\x95": () => void need(8), // FRAME
    "(": () => void stack.push(mark),
    ")": () => void stack.push([]),
    "]": () => void stack.push([]),
    "}": () => void stack.push(new Map()),
    N: () => void stack.push(null),
    "\x88": () => void stack.push(true),
    "\x89": () => void stack.push(false),
    I: () => {
      const digits = line();
      stack.push(digits === "00" ? false : digits === "01" ? true : Number(digits));
    },
    J: () => void stack.push(view.getInt32(need(4), true)),
    K: () => void stack.push(u8()),
    M: () => void stack.push(u16()),
    L: () => {
      const digits = line().replace(/L$/, "");
      stack.push(/^-?\d{1,400}$/.test(digits) ? BigInt(digits) : bad("a number has no digits"));
    },
    "\x8a": () => void stack.push(long(u8())),
    G: () => void stack.push(view.getFloat64(need(8), false)),
    F: () => void stack.push(Number(line())),
    X: () => void stack.push(text(u32())),
    "\x8c": () => void stack.push(text(u8())),
    "\x8d": () => void stack.push(text(u64())),
    U: () => void stack.push(text(u8())),
    T: () => void stack.push(text(u32())),
    V: () => void stack.push(line()),
    C: () => void stack.push(bytes.slice(need(u8()), at)),
    B: () => void stack.push(bytes.slice(need(u32()), at)),
    t: () => void stack.push(popMarked()),
    l: () => void stack.push(popMarked()),
    "\x85": () => void stack.push([pop()]),
    "\x86": () => void stack.push([pop(), pop()].reverse()),
    "\x87": () => void stack.push([pop(), pop(), pop()].reverse()),
    d: () => {
      const values = popMarked();
      stack.push(new Map());
      setItems(values);
    },
    a: () => {
      const value = pop();
      list(top()).push(value);
    },
    e: () => {
      const values = popMarked();
      const target = list(top());
      for (const value of values) target.push(value);
    },
    s: () => {
      const [value, key] = [pop(), pop()];
      setItems([key, value]);
    },
    u: () => setItems(popMarked()),
    p: () => void memo.set(Number(line()), top()),
    q: () => void memo.set(u8(), top()),
    r: () => void memo.set(u32(), top()),
    "\x94": () => void memo.set(memo.size, top()),
    g: () => void stack.push(recall(Number(line()))),
    h: () => void stack.push(recall(u8())),
    j: () => void stack.push(recall(u32())),
    "0": () => void pop(),
    "2": () => void stack.push(top()),
    c: () => void stack.push(new PickleGlobal(`${line()}.${line()}`)),
    "\x93": () => {
      const [name, module] = [pop(), pop()];
      stack.push(new PickleGlobal(`${String(module)}.${String(name)}`));
    },
    R: () => {
      const [args, callee] = [pop(), pop()];
      if (!(callee instanceof PickleGlobal) || !Array.isArray(args)) return bad("a call of something that is no function");
      const result = call(callee.name, args);
      if (result === undefined) return bad(`it would call ${callee.name}, which is refused`);
      stack.push(result);
    },
    b: () => {
      // attributes of what a call gave, e.g. the _metadata of a dictionary of weights: nothing that we need
      pop();
      if (!(top() instanceof Map)) bad("it would set attributes of an object, which is refused");
    },
    Q: () => void stack.push(persistent(pop())),
  };
  for (let step = 0; step < mostSteps; step++) {
    const code = String.fromCharCode(u8());
    if (code === ".") return { value: pop(), end: at };
    const run = steps[code];
    if (run === undefined) bad(`the pickle has the instruction 0x${code.charCodeAt(0).toString(16).padStart(2, "0")}, which is refused`);
    else run();
  }
  return bad("the pickle does not end");
}
