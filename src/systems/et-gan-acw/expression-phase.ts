/**
 * Phase 2: telling the expression of a face from the face, on points alone. Nobody knows how a guide would look at rest; but people were filmed for a
 * while, and what they did about their own rest is known. Put, weaker or stronger, on the rest of somebody else it must be found again: what is left is
 * the likeliest displacement among faces of all shapes, as linear discriminants have it (Prince & Elder 2007), and it cannot tell who somebody is.
 */
import { add, div, mul, square, sub } from "../../graph/ops/arithmetic.js";
import { concat, reshape, slice } from "../../graph/ops/layout.js";
import { mean } from "../../graph/ops/reduce.js";
import type { Value } from "../../graph/value.js";
import { l2 } from "../../nn/losses.js";
import type { Phase } from "../system.js";
import { type Config, pointCount } from "./config.js";
import { tailoredExpression } from "./tailoring.js";

/** Expressions of films of conversation are weak beside those of guides: they are made up to so many times as strong. */
const strongest = 6;

/** Every row takes the place of the next one: [B, ...]. */
function neighbours(x: Value): Value {
  const b = x.shape[0] as number;
  return concat([slice(x, 0, b - 1, b), slice(x, 0, 0, b - 1)], 0);
}

export const expressionPhase: Phase<Config> = {
  name: "expression",
  groups: ["generator"],
  defaultSteps: 3000,
  defaultRate: 1e-3,
  judgedBy: { figure: "unexplained", better: "lower" },
  batch: ({ tailoring: { batch: b, frames: t } }) => [
    { name: "shapes", dtype: "float32", shape: [b, t, pointCount, 2] }, // centimetres in the face's own axes
    { name: "rest", dtype: "float32", shape: [b, pointCount, 2] }, // the same, at rest
    { name: "noise", dtype: "float32", shape: [b, 1] },
  ],
  build(config, params, batch) {
    const { batch: b } = config.tailoring;
    const rest = batch("rest");
    const lasting = sub(mean(batch("shapes"), { axes: [1], keepDims: false }), rest); // a second's mean: no syllable is left in it
    const wanted = mul(lasting, reshape(mul(batch("noise"), strongest), [b, 1, 1]));
    const found = tailoredExpression(config, params("generator"), add(neighbours(rest), wanted));
    const error = l2(found, wanted);
    const unexplained = div(error, add(mean(square(wanted)), 1e-6));
    return { losses: [{ group: "generator", loss: error }], figures: { unexplained }, pictures: {} };
  },
};
