/**
 * The four encoders of ET-GAN-ACW, their weighting and the point head: from identity views, guide, speech and position to the
 * points of every frame. Shared by training and by the deployed model.
 */
import { ibug, span, speechPoints } from "../../base/points.js";
import { add, div, mul, sub } from "../../graph/ops/arithmetic.js";
import { concat, expand, reshape, slice, transpose } from "../../graph/ops/layout.js";
import { matmul } from "../../graph/ops/matmul.js";
import { mean } from "../../graph/ops/reduce.js";
import type { Value } from "../../graph/value.js";
import { activate, convLayer, linear } from "../../nn/layers.js";
import type { Params } from "../../nn/params.js";
import { pictureEncoder, speechEncoder } from "../parts/encoders.js";
import type { Noise } from "../parts/noise.js";
import { shrink } from "../parts/pictures.js";
import { adaptiveWeighting, concatenation } from "../parts/weighting.js";
import { type Config, has, type Part, pointCount } from "./config.js";

/** Side of the maps on which modalities are weighted. */
export const mapSide = 4;

/** Modalities in the order of the ACW weights, and of those of the lips. */
export const modalities = ["identity", "expression", "speech", "position"] as const;
export const mouthModalities = ["identity", "expression", "speech"] as const;

export interface IdentityCode {
  /** [N, C, 4, 4] */
  readonly map: Value;
  /** [N, C] */
  readonly code: Value;
  /** Attention score of this view [N, 1]. */
  readonly score: Value;
  /** Early maps, for a feature loss. */
  readonly stages: readonly Value[];
}

/** One identity view x [N, 3, S, S] -> its map, code and attention score (merged over views by `poolViews`). */
export function identityEncoder(config: Config, p: Params, x: Value): IdentityCode {
  return p.scope("identity", (q) => {
    const stages = pictureEncoder(q, "views", shrink(x, 64), config.encoderWidths);
    const map = activate(convLayer(q, "map", stages[stages.length - 1] as Value, { out: config.width, kernel: 3, stride: 2, pad: 1 }));
    const code = linear(q, "code", mean(map, { axes: [2, 3], keepDims: false }), { out: config.width });
    return { map, code, score: linear(q, "score", activate(code), { out: 1, gain: 0.1 }), stages };
  });
}

/** Guide pictures x [N, 3, S, S], of which only the part above the nose tip is looked at -> expression code [N, C]. */
export function expressionEncoder(config: Config, p: Params, x: Value): Value {
  return p.scope("expression", (q) => {
    const side = x.shape[2] as number;
    const upper = slice(x, 2, side / 16, (9 * side) / 16); // rows 1/16 .. 9/16: brows and eyes; mouth, chin and nose tip are below
    const small = shrink(upper, 32); // [N, 3, 32, 64]
    const stages = pictureEncoder(q, "guide", small, config.encoderWidths);
    const last = stages[stages.length - 1] as Value; // [N, D, 4, 8]
    const flat = reshape(last, [last.shape[0] as number, -1]);
    return linear(q, "code", activate(linear(q, "hidden", flat, { out: config.width })), { out: config.width });
  });
}

/** Log-mel [B, M, 4 (T + 20)] -> audio-lip code [B, T, C]: mouth and jaw follow it. */
export function lipCode(config: Config, p: Params, mel: Value, noise?: Noise): Value {
  return encodedSpeech(config, p, "lips", mel, noise);
}

/**
 * The same speech -> what fusion hears, and behind it the audio-lip code [B, T, 2 C]. They are encoders of their own: lips go on learning when pictures
 * have been trained on what fusion heard before.
 */
export function speechCode(config: Config, p: Params, mel: Value, noise?: Noise): Value {
  return concat([encodedSpeech(config, p, "encoder", mel, noise), lipCode(config, p, mel, noise)], 2);
}

function encodedSpeech(config: Config, p: Params, name: string, mel: Value, noise?: Noise): Value {
  return p.scope("speech", (q) => speechEncoder(q, name, mel, { width: config.audioWidth, out: config.width, dropout: config.dropout, ...(noise === undefined ? {} : { noise }) }));
}

/** Position [N, D] and base points [N, L, 2] (pixels) -> where and how the face stands: [N, C, 4, 4]. */
export function positionEncoder(config: Config, p: Params, position: Value, base: Value): Value {
  return p.scope("position", (q) => {
    const n = position.shape[0] as number;
    const code = linear(q, "code", activate(linear(q, "hidden", position, { out: config.width })), { out: config.width });
    const outline = activate(linear(q, "place-hidden", reshape(sub(div(base, config.size / 2), 1), [n, pointCount * 2]), { out: config.width / 2 }));
    const place = reshape(linear(q, "place", outline, { out: 4 * mapSide * mapSide, gain: 0.5 }), [n, 4, mapSide, mapSide]);
    return add(spread(code), convLayer(q, "place-map", place, { out: config.width, kernel: 1 }));
  });
}

/** [N, C] -> the same everywhere on the map [N, C, 4, 4]. */
export function spread(code: Value): Value {
  const [n, c] = code.shape as [number, number];
  return expand(reshape(code, [n, c, 1, 1]), [n, c, mapSide, mapSide]);
}

export interface FrameCodes {
  /** Merged identity [N, C, 4, 4] and the shape of the face at rest [N, L, 2] in centimetres. */
  readonly identity: Value;
  readonly shape: Value;
  /** [N, C] */
  readonly expression: Value;
  /** As `speechCode` [N, 2 C]. */
  readonly speech: Value;
  /** [N, D], [N, L, 2] pixels, [N] pixels per centimetre. */
  readonly position: Value;
  readonly base: Value;
  readonly scale: Value;
}

export interface FramePoints {
  /** [N, L, 2] in pixels. */
  readonly points: Value;
  /** [N, C, 4, 4] */
  readonly fused: Value;
  /** ACW weights [N, 4, C, 4, 4], and those of the lips over identity, expression and speech [N, 3, C, 4, 4]. */
  readonly weights: Value;
  readonly mouthWeights: Value;
  /** Displacement from the base in centimetres [N, L, 2]. */
  readonly offsets: Value;
  /** What of it fusion says [N, L, 2], and what speech alone says, for `speechPoints` [N, 2 S]. */
  readonly told: Value;
  readonly heard: Value;
}

const lips: readonly number[] = [...span(ibug.outerLips), ...span(ibug.innerLips)];
/** All but the lips. The jaw is among them: its outline shifts as the head turns. */
const rest: readonly number[] = Array.from({ length: pointCount }, (_, i) => i).filter((i) => !lips.includes(i));

/** Motion of some points [N, 2 S] -> displacement of all, the others resting: [N, L, 2]. */
export function placed(motion: Value, points: readonly number[]): Value {
  const placement = new Float32Array(points.length * pointCount);
  points.forEach((point, i) => (placement[i * pointCount + point] = 1));
  const perAxis = transpose(reshape(motion, [motion.shape[0] as number, points.length, 2]), [0, 2, 1]); // [N, 2, S]
  return transpose(matmul(perAxis, motion.graph.constant(placement, [points.length, pointCount])), [0, 2, 1]);
}

/** A fused map [N, C, 4, 4] -> motion of `points` [N, 2 S] in centimetres. */
function pointHead(config: Config, p: Params, name: string, fused: Value, points: readonly number[]): Value {
  return p.scope(name, (q) => {
    const n = fused.shape[0] as number;
    const narrow = activate(convLayer(q, "narrow", fused, { out: 16, kernel: 1 }));
    const joined = concat([reshape(narrow, [n, 16 * mapSide * mapSide]), mean(fused, { axes: [2, 3], keepDims: false })], 1);
    return linear(q, "offsets", activate(linear(q, "hidden", joined, { out: 2 * config.width })), { out: 2 * points.length, gain: 0.05 });
  });
}

/** Speech has a way of its own to mouth and jaw, which fusion only corrects: audio-lip code [N, C] -> motion of `speechPoints` [N, 2 S]. */
export function heardMotion(config: Config, p: Params, code: Value): Value {
  return p.scope("points", (q) => linear(q, "spoken", activate(has(config, "speech") ? code : mul(code, 0)), { out: 2 * speechPoints.length, gain: 0.05 }));
}

/** Emphasis of speech in a deployed model: a network that minimises its error moves the mouth less than people do. */
export interface Articulation {
  /** Speech code of silence [1, 2 C]. */
  readonly silence: Value;
  /** 1 leaves the motion as it was learned, 1.5 moves mouth and jaw half as far again from where silence has them; [N]. */
  readonly factor: Value;
}

/** Weighs and fuses the modalities of every frame and says where its points are. */
export function framePoints(config: Config, p: Params, codes: FrameCodes, articulation?: Articulation): FramePoints {
  const n = codes.position.shape[0] as number;
  const atRest = activate(linear(p, "rest", reshape(codes.shape, [n, pointCount * 2]), { out: config.width, gain: 0.3 }));
  const identity = add(convLayer(p, "identity-map", codes.identity, { out: config.width, kernel: 1 }), spread(linear(p, "rest-code", atRest, { out: config.width })));
  const expression = spread(linear(p, "expression-map", activate(codes.expression), { out: config.width }));
  const half = (code: Value, i: number): Value => slice(code, 1, i * config.width, (i + 1) * config.width);
  const speech = spread(linear(p, "speech-map", activate(half(codes.speech, 0)), { out: config.width }));
  const position = positionEncoder(config, p, codes.position, codes.base);
  const present = (part: Part, map: Value): Value => (has(config, part) ? map : mul(map, 0));
  const join = has(config, "weighting") ? adaptiveWeighting : concatenation;
  const [who, felt, said, placedAt] = [present("identity", identity), present("expression", expression), present("speech", speech), present("position", position)];
  const { fused, weights } = join(p, "weighting", [who, felt, said, placedAt]);
  // Heads nod as they speak, so that lips could be read off the guide's head and brows: these have no way to the lips.
  const mouth = join(p, "mouth-weighting", [who, felt, said]);
  const heard = heardMotion(config, p, half(codes.speech, 1));
  return p.scope("points", (q) => {
    const told = add(placed(pointHead(config, q, "face", fused, rest), rest), placed(pointHead(config, q, "mouth", mouth.fused, lips), lips));
    const more = articulation && mul(sub(heard, heardMotion(config, p, half(articulation.silence, 1))), reshape(sub(articulation.factor, 1), [n, 1]));
    const offsets = add(told, placed(more === undefined ? heard : add(heard, more), speechPoints));
    const points = add(codes.base, mul(offsets, reshape(codes.scale, [n, 1, 1])));
    return { points, fused, weights, mouthWeights: mouth.weights, offsets, told, heard };
  });
}
