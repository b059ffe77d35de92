/**
 * The audio-lip expert as a system of its own: trained by `talkface train --system sync`, used frozen by systems that make talking faces,
 * and by the metric `sync`. Chung & Zisserman: Out of time (2016) is the model; what is ours is that it sees points, not pixels, and is trained
 * by contrast among the runs of a batch (van den Oord et al. 2018).
 */
import { modelPointCount, speechPoints } from "../../base/points.js";
import { syncWindow } from "../../base/sync-window.js";
import { div, mul, sub } from "../../graph/ops/arithmetic.js";
import { cast, greater } from "../../graph/ops/compare.js";
import { gather } from "../../graph/ops/gather.js";
import { reshape, transpose } from "../../graph/ops/layout.js";
import { matmul } from "../../graph/ops/matmul.js";
import { max, mean, sum } from "../../graph/ops/reduce.js";
import type { Value } from "../../graph/value.js";
import { unitRows } from "../../nn/losses.js";
import { Noise } from "../parts/noise.js";
import { expertSizes, heardCodes, mouthCodes, syncLoss } from "../parts/sync-expert.js";
import type { BatchField, DeployedNetwork, Phase, System } from "../system.js";
import { type Config, parseConfig, presets } from "./config.js";

const field = (name: string, shape: readonly number[]): BatchField => ({ name, dtype: "float32", shape });

/** Frames of speech on either side of a frame. */
const speechContext = 10;
const mouthWidth = 2 * speechPoints.length;

/** Points and base [B, T, L, 2] in pixels, scale [B, T] -> motion of the speech points in centimetres [B, T, 2 S]. */
export function mouthOf(points: Value, base: Value, scale: Value): Value {
  const [b, t] = points.shape as [number, number];
  const motion = div(sub(points, base), reshape(scale, [b, t, 1, 1]));
  return reshape(gather(motion, speechPoints, 2), [b, t, mouthWidth]);
}

/** Share of rows of `a` whose most alike row of `b` is their own. */
function found(a: Value, b: Value): Value {
  const similarity = matmul(unitRows(a), transpose(unitRows(b), [1, 0]));
  const own = sum(mul(unitRows(a), unitRows(b)), { axes: [1], keepDims: true });
  // rounding must not let a row lose against itself
  return mean(cast(greater(own, sub(max(similarity, { axes: [1], keepDims: true }), 1e-5)), "float32"));
}

const syncPhase: Phase<Config> = {
  name: "sync",
  groups: ["expert"],
  defaultSteps: 2000,
  defaultRate: 1e-3,
  judgedBy: { figure: "found", better: "higher" },
  batch: ({ batch: b, frames: t }) => [
    field("mel", [b, expertSizes.melBands, 4 * (t + 2 * speechContext)]),
    field("base", [b, t, modelPointCount, 2]),
    field("scale", [b, t]),
    field("points", [b, t, modelPointCount, 2]),
    field("noise", [b, 8 * expertSizes.width]),
  ],
  build(config, params, batch, training) {
    const p = params("expert");
    const mouth = mouthOf(batch("points"), batch("base"), batch("scale"));
    const { loss, seen, heard } = syncLoss(p, mouth, batch("mel"), training ? { noise: new Noise(batch("noise")), dropout: config.dropout } : undefined);
    return { losses: [{ group: "expert", loss }], figures: { found: found(seen, heard) }, pictures: {} };
  },
};

const mouthNetwork: DeployedNetwork<Config> = {
  name: "mouth",
  inputs: ({ deploy }) => [field("mouth", [deploy.windows, syncWindow, mouthWidth])],
  build(_, graph, p, input) {
    graph.output("code", mouthCodes(p, input("mouth")));
  },
};

const heardNetwork: DeployedNetwork<Config> = {
  name: "speech",
  inputs: ({ deploy }) => [field("mel", [1, expertSizes.melBands, 4 * (deploy.frames + 2 * speechContext)])],
  build(_, graph, p, input) {
    graph.output("code", heardCodes(p, input("mel")));
  },
};

export const sync: System<Config> = {
  name: "sync",
  title: "audio-lip expert",
  citation: "after Chung & Zisserman, Out of time: automated lip sync in the wild, ACCV Workshops 2016",
  groups: ["expert"],
  parseConfig,
  presets,
  phases: [syncPhase],
  networks: [mouthNetwork, heardNetwork],
};
