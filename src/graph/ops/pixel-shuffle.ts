/** Channels to pixels and back (sub-pixel convolution, Shi et al. 2016), in PyTorch's order of channels. */
import { apply } from "../graph.js";
import { show } from "../shape.js";
import type { Operator, Value } from "../value.js";
import { reshape, transpose } from "./layout.js";

const DepthToSpace: Operator<readonly [Value], { block: number }> = {
  onnx: "DepthToSpace",
  infer: ([x], { block }) => {
    const [n = 0, c = 0, h = 0, w = 0] = x.shape;
    return { dtype: x.dtype, shape: [n, c / block ** 2, h * block, w * block] };
  },
  encode: ({ block }) => ({ blocksize: { kind: "int", value: block }, mode: { kind: "string", value: "CRD" } }),
  vjp: ({ attributes: { block }, dy }) => [pixelUnshuffle(dy, block)],
};

/** x [N,C·block²,H,W] → [N,C,H·block,W·block]: every block² channels become a square of pixels. */
export function pixelShuffle(x: Value, block: number): Value {
  check("DepthToSpace", x, block);
  if (x.shape[1]! % block ** 2 !== 0) x.graph.fail("DepthToSpace", `${x.shape[1]} channels of ${show(x.shape)} do not divide into squares of ${block} × ${block}.`);
  return block === 1 ? x : apply(DepthToSpace, [x], { block });
}

/** x [N,C,H·block,W·block] → [N,C·block²,H,W]; ONNX's SpaceToDepth knows only another order of channels. */
export function pixelUnshuffle(x: Value, block: number): Value {
  check("SpaceToDepth", x, block);
  const [n = 0, c = 0, h = 0, w = 0] = x.shape;
  if (h % block !== 0 || w % block !== 0) x.graph.fail("SpaceToDepth", `pixels of ${show(x.shape)} do not divide into squares of ${block} × ${block}.`);
  const squares = reshape(x, [n, c, h / block, block, w / block, block]);
  return reshape(transpose(squares, [0, 1, 3, 5, 2, 4]), [n, c * block ** 2, h / block, w / block]);
}

function check(op: string, x: Value, block: number): void {
  if (x.shape.length !== 4) x.graph.fail(op, `input ${show(x.shape)}, expected [N,C,H,W].`);
  if (!Number.isInteger(block) || block < 1) x.graph.fail(op, `the block is ${block}, expected a whole number ≥ 1.`);
}
