/**
 * Reverse-mode differentiation: walks the nodes from the loss backwards and adds, in the same graph, the nodes that compute gradients.
 * The walker does the book-keeping (pruning, sums over broadcast axes, accumulation, checks), the operators' rules do the calculus.
 */
import { isFloat } from "./dtype.js";
import type { Graph } from "./graph.js";
import { add } from "./ops/arithmetic.js";
import { concat, filled, pad, reshape } from "./ops/layout.js";
import { sum } from "./ops/reduce.js";
import { liveNodes } from "./passes/live.js";
import { broadcast, broadcastAxes, sameShape, show, sizeOf } from "./shape.js";
import type { InputGradient, Node, Piece, Value } from "./value.js";

/** What has arrived for one value so far. */
interface Arrived {
  whole: Value | null;
  readonly pieces: Piece[];
}

/** Gradients of a loss (one element) with respect to values, in their shapes; zeros where the loss does not depend on a value. */
export function gradient(loss: Value, wrt: readonly Value[]): Value[] {
  const { graph } = loss;
  if (sizeOf(loss.shape) !== 1 || !isFloat(loss.dtype)) {
    graph.fail("gradient", `the loss "${loss.name}" is ${loss.dtype} ${show(loss.shape)}, expected one float. Sum or average it.`);
  }
  for (const x of wrt) {
    if (x.graph !== graph) graph.fail("gradient", `"${x.name}" belongs to another graph than the loss.`);
    if (!isFloat(x.dtype)) graph.fail("gradient", `"${x.name}" is ${x.dtype}; only floats have gradients.`);
  }

  const reached = reachedFrom(wrt, graph);
  const arrived = new Map<Value, Arrived>();
  const outer = graph.scopePath;
  if (reached.has(loss)) arrived.set(loss, { whole: graph.scopeAt("gradient", () => filled(loss, 1)), pieces: [] });

  for (const node of liveNodes([loss], graph.nodes).reverse()) {
    if (!node.outputs.some((y) => arrived.has(y)) || !node.inputs.some((x) => reached.has(x))) continue;
    graph.scopeAt(`gradient/${node.name}`, () => {
      if (node.backward === null) return;
      const needs = node.inputs.map((x) => reached.has(x));
      const dys = node.outputs.map((y) => take(y, arrived));
      const grads = node.backward(dys, needs);
      node.inputs.forEach((x, i) => {
        const grad = grads[i] ?? null;
        if (needs[i] && grad !== null) put(node, x, grad, arrived);
      });
    });
  }
  return graph.scopeAt(outer === "" ? "gradient" : `gradient/${outer}`, () => wrt.map((x) => take(x, arrived) ?? filled(x, 0)));
}

/** Float values that depend on one of `wrt` through nodes that pass gradients on. */
function reachedFrom(wrt: readonly Value[], graph: Graph): ReadonlySet<Value> {
  const reached = new Set<Value>(wrt);
  for (const node of graph.nodes) {
    if (node.backward === null || !node.inputs.some((x) => reached.has(x))) continue;
    for (const y of node.outputs) if (isFloat(y.dtype)) reached.add(y);
  }
  return reached;
}

function put(node: Node, x: Value, grad: InputGradient, arrived: Map<Value, Arrived>): void {
  const slot = arrived.get(x) ?? { whole: null, pieces: [] };
  arrived.set(x, slot);
  if (grad === null) return;
  if ("axis" in grad) {
    const fits = grad.value.shape.every((n, i) => (i === grad.axis ? grad.start + n <= x.shape[i]! : n === x.shape[i]));
    if (!fits) node.inputs[0]!.graph.fail(node.op, `internal: piece ${show(grad.value.shape)} at ${grad.start} of axis ${grad.axis} for ${show(x.shape)}.`);
    slot.pieces.push(grad);
    return;
  }
  const whole = unbroadcast(node, grad, x);
  slot.whole = slot.whole === null ? whole : add(slot.whole, whole);
}

/** Sums a gradient over the axes along which its input was broadcast. */
function unbroadcast(node: Node, grad: Value, x: Value): Value {
  if (sameShape(grad.shape, x.shape)) return grad;
  const common = broadcast(grad.shape, x.shape);
  if (common === null || !sameShape(common, grad.shape)) {
    x.graph.fail(node.op, `internal: a gradient of shape ${show(grad.shape)} for the input "${x.name}" of shape ${show(x.shape)}.`);
  }
  return reshape(sum(grad, { axes: broadcastAxes(x.shape, grad.shape) }), x.shape);
}

/** The whole gradient of a value, if any arrived. */
function take(x: Value, arrived: Map<Value, Arrived>): Value | null {
  const slot = arrived.get(x);
  if (slot === undefined) return null;
  if (slot.pieces.length > 0) {
    const pieced = joinPieces(x, slot.pieces);
    slot.whole = slot.whole === null ? pieced : add(slot.whole, pieced);
    slot.pieces.length = 0;
  }
  return slot.whole;
}

/** Pieces that do not overlap along one axis become one Concat with zeros between; the others are padded and added. */
function joinPieces(x: Value, pieces: readonly Piece[]): Value {
  const rows: { axis: number; end: number; parts: Piece[] }[] = [];
  for (const piece of [...pieces].sort((a, b) => a.start - b.start)) {
    const row = rows.find(({ axis, end }) => axis === piece.axis && end <= piece.start);
    const end = piece.start + piece.value.shape[piece.axis]!;
    if (row === undefined) rows.push({ axis: piece.axis, end, parts: [piece] });
    else {
      row.parts.push(piece);
      row.end = end;
    }
  }
  return rows.map(({ axis, parts }) => joinRow(x, axis, parts)).reduce((total, part) => add(total, part));
}

function joinRow(x: Value, axis: number, parts: readonly Piece[]): Value {
  const length = x.shape[axis]!;
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) {
    const { start, value } = only;
    return pad(value, x.shape.map((_, i) => (i === axis ? ([start, length - start - value.shape[axis]!] as const) : ([0, 0] as const))));
  }
  const row: Value[] = [];
  let at = 0;
  const zerosTo = (end: number): void => {
    if (end > at) row.push(filled(x, 0, x.shape.with(axis, end - at)));
  };
  for (const { start, value } of parts) {
    zerosTo(start);
    row.push(value);
    at = start + value.shape[axis]!;
  }
  zerosTo(length);
  return concat(row, axis);
}
