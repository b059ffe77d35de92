/** A graph as text, as it will be written: one line per input, node and output, with types and shapes. */
import type { Graph } from "./graph.js";
import type { OnnxAttribute } from "./onnx.js";
import type { Draft, DraftNode } from "./passes/draft.js";
import { simplify } from "./passes/simplify.js";
import { show, sizeOf } from "./shape.js";
import type { Value } from "./value.js";

/** For example `generator/up2/Conv_0: float32[1,64,32,32] = Conv(x, constant_3:float32[64,3,3,3]) strides=[1,1]`. */
export function printGraph(graph: Graph): string {
  const draft = simplify(graph);
  const lines = [
    ...graph.inputs.map((x) => `input ${x.name}: ${typeOf(x)}`),
    ...draft.nodes.map((node) => nodeLine(draft, node)),
    ...[...draft.outputs].map(([name, value]) => `output ${name}: ${typeOf(value)} = ${value.name}`),
  ];
  return `${lines.join("\n")}\n`;
}

function nodeLine(draft: Draft, node: DraftNode): string {
  const attributes = Object.entries(node.attributes).map(([name, attribute]) => ` ${name}=${attributeText(attribute)}`);
  const results = node.outputs.map(typeOf).join(", ");
  return `${node.name}: ${results} = ${node.op}(${node.inputs.map((x) => operandText(draft, x)).join(", ")})${attributes.join("")}`;
}

/** Small constants by their numbers, large ones by name and type. */
function operandText({ constantData }: Draft, x: Value): string {
  const data = constantData(x);
  if (data === null) return x.name;
  if (sizeOf(x.shape) > 8) return `${x.name}:${typeOf(x)}`;
  const numbers = Array.from<number | bigint, string>(data, (n) => (typeof n === "bigint" ? String(n) : String(Number(n.toPrecision(6)))));
  return x.shape.length === 0 ? numbers.join() : `[${numbers.join(",")}]`;
}

function typeOf({ dtype, shape }: Value): string {
  return `${dtype}${show(shape)}`;
}

function attributeText(attribute: OnnxAttribute): string {
  switch (attribute.kind) {
    case "ints":
    case "floats":
      return show(attribute.value);
    case "strings":
      return `[${attribute.value.join(",")}]`;
    case "tensor":
      return `${attribute.value.dtype}${show(attribute.value.shape)}`;
    case "graph":
      return `graph of ${attribute.value.nodes.length} nodes`;
    default:
      return String(attribute.value);
  }
}
