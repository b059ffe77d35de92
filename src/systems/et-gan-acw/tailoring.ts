/** The expression-tailored part of a face's shape: what of it the face does, without what it is and without what it says. */
import { ibug, lipPairs, span } from "../../base/points.js";
import { mul } from "../../graph/ops/arithmetic.js";
import { concat, reshape, slice } from "../../graph/ops/layout.js";
import { matmul } from "../../graph/ops/matmul.js";
import type { Value } from "../../graph/value.js";
import { linear } from "../../nn/layers.js";
import { batchNorm } from "../../nn/norms.js";
import type { Params } from "../../nn/params.js";
import { type Config, has, pointCount } from "./config.js";

/** The jaw drops with speech, and the front of the chin with it. */
const jaw: readonly number[] = [...span(ibug.jaw), pointCount - 1];

/** A shape of points [N, L, 2] in the face's own axes, centimetres -> how its expression moves them from where they would rest [N, L, 2]. */
export function tailoredExpression(config: Config, p: Params, shape: Value): Value {
  return p.scope("tailored", (q) => {
    const n = shape.shape[0] as number;
    const code = linear(q, "code", batchNorm(q, "faces", reshape(shape, [n, 2 * pointCount])), { out: config.tailoring.width });
    const displacement = reshape(linear(q, "displacement", code, { out: 2 * pointCount, gain: 0.1 }), [n, pointCount, 2]);
    return has(config, "expression") ? displacement : mul(displacement, 0);
  });
}

/** Takes out of a displacement [N, L, 2] what only speech may do: lips that meet go up and down together, and the jaw stays. */
export function withoutSpeech(displacement: Value): Value {
  const { graph } = displacement;
  const [n] = displacement.shape as [number];
  const along = (axis: number, map: Float32Array): Value => reshape(matmul(reshape(slice(displacement, 2, axis, axis + 1), [n, pointCount]), graph.constant(map, [pointCount, pointCount])), [n, pointCount, 1]);
  return concat([along(0, sideways()), along(1, upAndDown())], 2);
}

/** Maps [L, L] from the right: all points but the jaw as they are. */
function sideways(): Float32Array {
  const map = new Float32Array(pointCount * pointCount);
  for (let i = 0; i < pointCount; i++) if (!jaw.includes(i)) map[i * pointCount + i] = 1;
  return map;
}

function upAndDown(): Float32Array {
  const map = sideways();
  for (const [upper, lower] of lipPairs) for (const from of [upper, lower]) for (const to of [upper, lower]) map[from * pointCount + to] = 0.5;
  return map;
}
