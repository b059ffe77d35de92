/** How the kernel tables are written and read. */
import type { Dtype } from "../../graph/onnx.js";

/**
 * By operator, the types of its inputs that have a kernel: a list for each input in order, separated by commas; inputs behind the
 * last list are not checked. In front stands the range of opsets where it is not all of 17 to 21, and there may be several texts.
 * `floats` are the three float types, `numbers` all types but bool.
 */
export type KernelTable = Readonly<Record<string, string | readonly string[]>>;

const floats: readonly Dtype[] = ["float16", "float32", "float64"];
const groups: Readonly<Partial<Record<string, readonly Dtype[]>>> = {
  floats,
  numbers: [...floats, "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"],
};

const [oldest, newest] = [17, 21];

/**
 * Whether a node of these input types (null: not known, which passes) has a kernel. An opset before 17 is looked up as 17, for
 * providers keep the kernels of older versions of an operator; one after 21 has none that is known.
 */
export function hasKernel(table: KernelTable, op: string, opset: number, types: readonly (Dtype | null)[]): boolean {
  const entry = table[op];
  const at = Math.max(opset, oldest);
  const texts = entry === undefined || at > newest ? [] : typeof entry === "string" ? [entry] : entry;
  return texts.some((text) => {
    const [range = "", first, last = first] = /^(\d+)(?:-(\d+))?: /.exec(text) ?? [];
    if (at < Number(first ?? oldest) || at > Number(last ?? newest)) return false;
    return text.slice(range.length).split(", ").every((list, i) => accepts(list, types[i] ?? null));
  });
}

function accepts(list: string, type: Dtype | null): boolean {
  return type === null || list.split(" ").some((word) => word === "any" || word === type || groups[word]?.includes(type) === true);
}
