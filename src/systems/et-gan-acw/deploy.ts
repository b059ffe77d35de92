/** The four graphs of a deployed ET-GAN-ACW: `identity`, `expression`, `speech` and `frame`. */
import { parabolaWeights } from "../../base/savitzky-golay.js";
import { add, mul } from "../../graph/ops/arithmetic.js";
import { expand, reshape, slice } from "../../graph/ops/layout.js";
import { mean } from "../../graph/ops/reduce.js";
import type { Value } from "../../graph/value.js";
import { fromBytes, toBytes } from "../parts/pictures.js";
import { poolViews } from "../parts/weighting.js";
import type { BatchField, DeployedNetwork } from "../system.js";
import { type Config, has, pointCount, positionWidth } from "./config.js";
import { expressionEncoder, framePoints, identityEncoder, mapSide, speechCode } from "./networks.js";
import { render } from "./rendering.js";
import { tailoredExpression, withoutSpeech } from "./tailoring.js";

const field = (name: string, shape: readonly number[], dtype: BatchField["dtype"] = "float32"): BatchField => ({ name, dtype, shape });

/** [1, ...] -> [N, ...]. */
function repeat(x: Value, n: number): Value {
  const rest = x.shape.slice(1);
  return expand(x, [n, ...rest]);
}

/** ACW weights [N, m, C, 4, 4] -> their mean over channels and places [N, m], which sums to 1 over m. */
function meanWeights(weights: Value): Value {
  return mean(weights, { axes: [2, 3, 4], keepDims: false });
}

export const identityNetwork: DeployedNetwork<Config> = {
  name: "identity",
  inputs: (config) => [field("view", [1, config.size, config.size, 3], "uint8")],
  build(config, graph, p, input) {
    const { map, code, score } = identityEncoder(config, p, fromBytes(input("view")));
    graph.output("map", map);
    graph.output("code", code);
    graph.output("score", score);
  },
};

export const expressionNetwork: DeployedNetwork<Config> = {
  name: "expression",
  inputs: ({ deployFrames: { guide: n }, size: s }) => [field("guide", [n, s, s, 3], "uint8"), field("shape", [n, pointCount, 2])], // own axes, centimetres
  build(config, graph, p, input) {
    graph.output("code", expressionEncoder(config, p, fromBytes(input("guide"))));
    graph.output("displacement", withoutSpeech(tailoredExpression(config, p, input("shape"))));
  },
};

/** Frames on either side over which speech codes are smoothed: every code is heard for itself, and points would tremble with them. */
const speechReach = 2;

export const speechNetwork: DeployedNetwork<Config> = {
  name: "speech",
  inputs: (config) => [field("mel", [1, config.melBands, 4 * (config.deployFrames.speech + 2 * (config.contextFrames + speechReach))])],
  build(config, graph, p, input) {
    const { speech: t } = config.deployFrames;
    const heard = speechCode(config, p, input("mel")); // [1, T + 2 reach, 2 C]
    const smooth = parabolaWeights(speechReach).map((weight, k) => mul(slice(heard, 1, k, k + t), weight)).reduce((sum, part) => add(sum, part));
    graph.output("code", reshape(smooth, [t, 2 * config.width]));
  },
};

export const frameNetwork: DeployedNetwork<Config> = {
  name: "frame",
  inputs(config) {
    const { views: k, size: s, width: c } = config;
    const n = config.deployFrames.frame;
    return [
      field("views", [k, s, s, 3], "uint8"),
      field("view_points", [k, pointCount, 2]),
      field("view_mask", [k]),
      field("view_preference", [k]), // added to the scores by which views are blended
      field("identity_map", [k, c, mapSide, mapSide]),
      field("identity_score", [k]),
      field("shape", [pointCount, 2]),
      field("speech", [n, 2 * c]),
      field("expression", [n, c]),
      field("position", [n, positionWidth]),
      field("base", [n, pointCount, 2]),
      field("scale", [n]),
      field("silence", [1, 2 * c]), // speech code of silence
      field("articulation", [n]),
    ];
  },
  build(config, graph, p, input) {
    const { views: k, size: s, width: c } = config;
    const n = config.deployFrames.frame;
    const mask = reshape(input("view_mask"), [1, k]);
    const identity = poolViews(reshape(input("identity_score"), [1, k]), mask, reshape(input("identity_map"), [1, k, c, mapSide, mapSide]));
    const frame = framePoints(config, p, {
      identity: repeat(identity, n),
      shape: repeat(reshape(input("shape"), [1, pointCount, 2]), n),
      expression: input("expression"),
      speech: input("speech"),
      position: input("position"),
      base: input("base"),
      scale: input("scale"),
    }, { silence: input("silence"), factor: input("articulation") });
    const rendered = render(config, p, {
      views: reshape(fromBytes(input("views")), [1, k, 3, s, s]),
      viewPoints: repeat(reshape(input("view_points"), [1, k, pointCount, 2]), n),
      viewMask: repeat(mask, n),
      preference: repeat(reshape(input("view_preference"), [1, k]), n),
      points: frame.points,
      fused: frame.fused,
    });
    graph.output("frame", toBytes(rendered.picture));
    graph.output("points", frame.points);
    graph.output("mask", reshape(rendered.mask, [n, s, s]));
    // Plain concatenation weighs nothing, and a model that does not weigh must not look as if it did.
    if (!has(config, "weighting")) return;
    graph.output("weights", meanWeights(frame.weights));
    graph.output("mouth_weights", meanWeights(frame.mouthWeights));
  },
};
