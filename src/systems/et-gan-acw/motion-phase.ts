/** Phase 1: all encoders, the weighting and the point head, on points alone; no picture is made. */
import { emotions } from "../../base/emotions.js";
import { ibug, ibugCount, speechPoints } from "../../base/points.js";
import { relu } from "../../graph/ops/activation.js";
import { add, div, mul, neg, sub } from "../../graph/ops/arithmetic.js";
import { scaleGradient, stopGradient } from "../../graph/ops/flow.js";
import { expand, reshape, slice } from "../../graph/ops/layout.js";
import { logSoftmax, mean, sum } from "../../graph/ops/reduce.js";
import type { Graph } from "../../graph/graph.js";
import type { Value } from "../../graph/value.js";
import { activate, linear } from "../../nn/layers.js";
import { contrastive, l2, cosineDistance } from "../../nn/losses.js";
import type { Params } from "../../nn/params.js";
import { Noise } from "../parts/noise.js";
import { fromBytes, tint } from "../parts/pictures.js";
import { runs, syncLoss } from "../parts/sync-expert.js";
import { imbalance, modalityShares, poolViews } from "../parts/weighting.js";
import type { BatchField, Phase, PhaseResult } from "../system.js";
import { type Config, has, noiseWidth, pointCount, positionWidth } from "./config.js";
import { aboutMean, followed, opening, spokenPart, velocity } from "./mouth.js";
import { expressionEncoder, type FrameCodes, framePoints, type FramePoints, identityEncoder, mapSide, modalities, speechCode } from "./networks.js";

export interface WindowSizes {
  readonly batch: number;
  readonly frames: number;
  readonly views: number;
}

/** The fields that every phase needs (features/windows.ts fills them). */
export function windowFields(config: Config, { batch: b, frames: t, views: k }: WindowSizes): readonly BatchField[] {
  const s = config.size;
  const field = (name: string, shape: readonly number[], dtype: BatchField["dtype"] = "float32"): BatchField => ({ name, dtype, shape });
  return [
    field("views", [b, k, s, s, 3], "uint8"),
    field("view_mask", [b, k]),
    field("guide", [b, config.guideFrames, s, s, 3], "uint8"),
    field("mel", [b, config.melBands, 4 * (t + 2 * config.contextFrames)]),
    field("shape", [b, pointCount, 2]), // centimetres, face at rest
    field("position", [b, t, positionWidth]),
    field("base", [b, t, pointCount, 2]), // pixels: the face at rest, placed
    field("scale", [b, t]), // pixels per centimetre
    field("points", [b, t, pointCount, 2]), // pixels: the truth
    field("emotion", [b, emotions.length]), // 1 at the guide's labelled emotion, zeros where there is no label
    field("noise", [b, noiseWidth(config)]), // uniform in 0..1
  ];
}

/** [B, ...] -> [B·T, ...], every row repeated T times. */
export function repeatFrames(x: Value, t: number): Value {
  const [b, ...rest] = x.shape as [number, ...number[]];
  return reshape(expand(reshape(x, [b, 1, ...rest]), [b, t, ...rest]), [b * t, ...rest]);
}

export interface Encoded {
  readonly frame: FramePoints;
  /** As `speechCode` [B, T, 2 C]. */
  readonly speech: Value;
  /** Codes per view [B, K, C], merged [B, C], and of the guide [B, C]. */
  readonly viewCodes: Value;
  readonly expression: Value;
}

/** Encoders and point head on a batch of windows; `noise` present in training. */
export function encodeWindows(config: Config, p: Params, sizes: WindowSizes, batch: (name: string) => Value, noise: Noise | undefined): Encoded {
  const { batch: b, frames: t, views: k } = sizes;
  const c = config.width;
  const coloured = (x: Value, strength: number): Value => (noise === undefined ? fromBytes(x) : tint(fromBytes(x), noise.take(3), strength));
  const view = identityEncoder(config, p, coloured(batch("views"), 0.25));
  const identity = poolViews(reshape(view.score, [b, k]), batch("view_mask"), reshape(view.map, [b, k, c, mapSide, mapSide]));
  const guide = expressionEncoder(config, p, coloured(batch("guide"), 0.25));
  const expression = mean(reshape(guide, [b, config.guideFrames, c]), { axes: [1], keepDims: false });
  // A code that may go missing in parts cannot be a person's fingerprint by which displacements are learned by heart.
  const parts = (x: Value): Value => (noise === undefined ? x : mul(x, reshape(noise.dropout(c, config.dropout), [b, c, ...x.shape.slice(2).map(() => 1)])));
  const speech = speechCode(config, p, batch("mel"), noise);
  const rows = (name: string): Value => reshape(batch(name), [b * t, ...batch(name).shape.slice(2)]);
  const codes: FrameCodes = {
    identity: repeatFrames(parts(identity), t),
    shape: repeatFrames(batch("shape"), t),
    expression: repeatFrames(parts(expression), t),
    speech: reshape(speech, [b * t, 2 * c]),
    position: rows("position"),
    base: rows("base"),
    scale: rows("scale"),
  };
  return { frame: framePoints(config, p, codes), speech, viewCodes: reshape(view.code, [b, k, c]), expression };
}

/** Weight of every point in the motion loss [1, L, 1]. */
function pointWeights(graph: Graph): Value {
  const weights = Array.from({ length: pointCount }, (_, i) => {
    if (i >= ibug.outerLips[0] && i < ibugCount) return 4;
    if (i >= ibug.rightEye[0] && i < ibug.leftEye[1]) return 2;
    return 1;
  });
  return graph.constant(weights, [1, pointCount, 1]);
}

/** Mean cross entropy of scores [B, E] over the rows whose label [B, E] is not all zeros; 0 where none is. */
function labelled(scores: Value, label: Value): Value {
  const count = add(relu(sub(sum(label), 1)), 1); // at least one
  return neg(div(sum(mul(logSoftmax(scores, 1), label)), count));
}

export function buildMotion(config: Config, params: (group: string) => Params, batch: (name: string) => Value, training: boolean): PhaseResult {
  const p = params("generator");
  const sizes = config.motion;
  const { batch: b, frames: t, views: k } = sizes;
  const noise = training ? new Noise(batch("noise")) : undefined;
  const { frame, speech, viewCodes, expression } = encodeWindows(config, p, sizes, batch, noise);
  const rows = (name: string): Value => reshape(batch(name), [b * t, ...batch(name).shape.slice(2)]);
  const truth = div(sub(rows("points"), rows("base")), reshape(rows("scale"), [b * t, 1, 1])); // offsets in centimetres [N, L, 2]

  const weight = pointWeights(p.graph);
  const place = l2(frame.offsets, truth, weight);
  const inWindows = (x: Value): Value => reshape(x, [b, t, pointCount, 2]);
  const motion = l2(velocity(inWindows(frame.offsets)), velocity(inWindows(truth)), weight);

  // The audio-lip embedding: mouth from speech alone, and runs of mouth and speech that must find each other (synchrony).
  // The mean over the window is left out: it is the person's and the expression's business.
  const mouth = aboutMean(spokenPart(truth, b, t));
  const fromSpeech = l2(aboutMean(reshape(frame.heard, [b, t, 2 * speechPoints.length])), mouth);
  const run = Math.min(4, t);
  const seen = linear(p, "lip-code", activate(linear(p, "lip-hidden", mouth, { out: config.width })), { out: config.width });
  const synchrony = contrastive(runs(slice(speech, 2, config.width, 2 * config.width), run), runs(seen, run), 0.2);
  // The frozen expert must hear in the predicted mouth what was said.
  const made = spokenPart(frame.offsets, b, t);
  const expert = has(config, "expert") ? syncLoss(params("expert").frozen(), made, batch("mel")).loss : p.graph.scalar(0);

  // Codes of two views of a person find each other among all people of the batch (the sampler puts a person in once).
  const viewCode = (i: number): Value => reshape(slice(viewCodes, 1, i, i + 1), [b, config.width]);
  const identity = k > 1 ? contrastive(viewCode(0), viewCode(1), 0.2) : p.graph.scalar(0);
  // Gradient reversal (Ganin & Lempitsky 2015): who it is must not be readable from the expression code.
  const reversed = scaleGradient(expression, has(config, "identity-removal") ? -config.losses.identityRemoval : 0);
  const guessed = linear(p, "identity-guess", activate(linear(p, "identity-guess-hidden", reversed, { out: config.width })), { out: config.width });
  const leak = cosineDistance(guessed, stopGradient(viewCode(0)));
  const emotion = labelled(linear(p, "emotion", activate(expression), { out: emotions.length, gain: 0.1 }), batch("emotion"));

  const balance = add(imbalance(frame.weights), imbalance(frame.mouthWeights));
  const { losses } = config;
  const parts = {
    place: mul(place, 10), motion: mul(motion, 20), speech: mul(fromSpeech, 10), synchrony: mul(synchrony, 0.05), identity: mul(identity, 0.02), leak: mul(leak, 0.05),
    balance, expert: mul(expert, losses.expert), emotion: mul(emotion, has(config, "emotion") ? losses.emotion : 0),
  };
  const loss = Object.values(parts).reduce((total, part) => add(total, part));
  const shares = modalityShares(frame.weights);
  const lips = followed(opening(made), opening(mouth));
  const figures: Record<string, Value> = { place, motion, speech: fromSpeech, synchrony, expert, identity, leak, emotion, balance, lips };
  modalities.forEach((name, i) => (figures[`weight_${name}`] = shares[i] as Value));
  return { losses: [{ group: "generator", loss }], figures, pictures: {} };
}

export const motionPhase: Phase<Config> = {
  name: "motion",
  groups: ["generator"],
  defaultSteps: 1000,
  defaultRate: 1e-3,
  judgedBy: { figure: "place", better: "lower" }, // of unseen people; the loss goes on falling for the expert long after
  batch: (config) => windowFields(config, config.motion),
  build: buildMotion,
};
