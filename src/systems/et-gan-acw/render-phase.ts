/** Phases 2 and 3: the generator's pictures, first by reconstruction, then against the two discriminators. */
import { add, mul, sub } from "../../graph/ops/arithmetic.js";
import { stopGradient } from "../../graph/ops/flow.js";
import { expand, reshape, slice } from "../../graph/ops/layout.js";
import { mean } from "../../graph/ops/reduce.js";
import { resizeNearest } from "../../graph/ops/resize.js";
import type { Value } from "../../graph/value.js";
import { cosineDistance, gradientDifference, hingeDiscriminator, hingeGenerator, l1, l2 } from "../../nn/losses.js";
import type { Params } from "../../nn/params.js";
import { Noise } from "../parts/noise.js";
import { differences, fromBytes, shrink, tint, toBytes } from "../parts/pictures.js";
import type { Phase, PhaseResult } from "../system.js";
import type { BatchField } from "../system.js";
import { type Config, pointCount } from "./config.js";
import { clipDiscriminator, frameDiscriminator } from "./discriminators.js";
import { encodeWindows, repeatFrames, windowFields } from "./motion-phase.js";
import { expressionEncoder, identityEncoder } from "./networks.js";
import { render } from "./rendering.js";

function renderFields(config: Config): readonly BatchField[] {
  const { batch: b, frames: t, views: k } = config.render;
  return [
    ...windowFields(config, config.render),
    { name: "target", dtype: "uint8", shape: [b, t, config.size, config.size, 3] },
    { name: "view_points", dtype: "float32", shape: [b, k, pointCount, 2] },
    { name: "true_points", dtype: "float32", shape: [b] }, // 1: render from the true points, 0: from the predicted ones
  ];
}

interface Scene {
  readonly target: Value;
  readonly view: Value;
  readonly picture: Value;
  readonly loss: Value;
  readonly figures: Record<string, Value>;
  readonly pictures: Record<string, Value>;
}

/** Renders a batch and compares it with the truth. */
function buildScene(config: Config, p: Params, batch: (name: string) => Value): Scene {
  const sizes = config.render;
  const { batch: b, frames: t, views: k } = sizes;
  const s = config.size;
  const n = b * t;
  const noise = new Noise(batch("noise"));
  // The motion side is a teacher here: its weights were chosen by held-out people, and a few windows a step would spoil them.
  const { frame } = encodeWindows(config, p.frozen(), sizes, batch, undefined);
  const truth = reshape(batch("points"), [n, pointCount, 2]);
  const share = reshape(repeatFrames(batch("true_points"), t), [n, 1, 1]);
  const points = stopGradient(add(mul(truth, share), mul(frame.points, sub(1, share))));

  const colour = noise.take(3); // one change for target and views, so that warping alone stays right
  const target = tint(fromBytes(batch("target")), colour, 0.15); // [N, 3, S, S]
  const views = reshape(tint(fromBytes(batch("views")), colour, 0.15), [b, k, 3, s, s]);
  const rendered = render(config, p, {
    views: repeatFrames(views, t),
    viewPoints: repeatFrames(batch("view_points"), t),
    viewMask: repeatFrames(batch("view_mask"), t),
    points,
    fused: stopGradient(frame.fused),
  });

  // Mouth and eyes are small and matter most.
  const maps = resizeNearest(rendered.maps, 2); // [N, G, S, S]
  const ones = p.graph.constant([0, 0.5, 0.5, 2, 2, 4, 4], [1, 7, 1, 1]);
  const region = resizeNearest(rendered.region, 2); // the inside of an open mouth is in no map
  const weight = stopGradient(add(add(mul(mean(mul(maps, ones), { axes: [1], keepDims: true }), 7), mul(region, 4)), 1)); // [N, 1, S, S]
  const pixels = l1(rendered.picture, target, weight);
  const warping = l1(rendered.coarse, shrink(target, config.size / 2), shrink(weight, config.size / 2));
  const edges = gradientDifference(mul(rendered.picture, weight), mul(target, weight), differences);
  const change = (x: Value): Value => {
    const y = reshape(x, [b, t, 3, s, s]);
    return sub(slice(y, 1, 1, t), slice(y, 1, 0, t - 1));
  };
  const flicker = l1(change(rendered.picture), change(target));

  // Frozen judges: who it is (with early maps as a perceptual measure) and which expression it has.
  const judge = p.frozen();
  const seen = identityEncoder(config, judge, rendered.picture);
  const wanted = identityEncoder(config, judge, target);
  const identity = cosineDistance(seen.code, stopGradient(wanted.code));
  const features = seen.stages.map((x, i) => l1(x, stopGradient(wanted.stages[i] as Value))).reduce((x, y) => add(x, y));
  const expression = l2(expressionEncoder(config, judge, rendered.picture), stopGradient(expressionEncoder(config, judge, target)));
  const painted = mean(rendered.mask);

  const parts = [mul(pixels, 10), mul(warping, 4), mul(edges, 5), mul(flicker, 5), mul(features, 1), mul(identity, 0.5), mul(expression, 0.05)];
  const loss = parts.reduce((x, y) => add(x, y));
  const first = reshape(slice(views, 1, 0, 1), [b, 3, s, s]);
  return {
    target,
    view: repeatFrames(first, t),
    picture: rendered.picture,
    loss,
    figures: { pixels, warping, edges, flicker, features, identity, expression, painted },
    pictures: {
      view: toBytes(repeatFrames(first, t)),
      target: toBytes(target),
      picture: toBytes(rendered.picture),
      warped: toBytes(rendered.warped),
      mask: toBytes(expand(rendered.mask, [n, 3, s, s])),
    },
  };
}

export const renderPhase: Phase<Config> = {
  name: "render",
  groups: ["generator"],
  defaultSteps: 6000,
  defaultRate: 5e-4,
  batch: renderFields,
  build(config, params, batch): PhaseResult {
    const scene = buildScene(config, params("generator"), batch);
    return { losses: [{ group: "generator", loss: scene.loss }], figures: scene.figures, pictures: scene.pictures };
  },
};

export const adversarialPhase: Phase<Config> = {
  name: "adversarial",
  groups: ["generator", "discriminator"],
  defaultSteps: 0,
  defaultRate: 1e-4,
  batch: renderFields,
  build(config, params, batch): PhaseResult {
    const scene = buildScene(config, params("generator"), batch);
    const d = params("discriminator");
    const { batch: b, frames: t } = config.render;
    const clip = (x: Value): Value => reshape(x, [b, t, 3, config.size, config.size]);
    const unmoved = stopGradient(scene.picture);
    const fooledFrame = hingeGenerator(frameDiscriminator(config, d.frozen(), scene.picture, scene.view));
    const fooledClip = hingeGenerator(clipDiscriminator(config, d.frozen(), clip(scene.picture)));
    const frameLoss = hingeDiscriminator(frameDiscriminator(config, d, scene.target, scene.view), frameDiscriminator(config, d, unmoved, scene.view));
    const clipLoss = hingeDiscriminator(clipDiscriminator(config, d, clip(scene.target)), clipDiscriminator(config, d, clip(unmoved)));
    return {
      losses: [
        { group: "generator", loss: add(scene.loss, mul(add(fooledFrame, fooledClip), 0.05)) },
        { group: "discriminator", loss: add(frameLoss, clipLoss) },
      ],
      figures: { ...scene.figures, frame_discriminator: frameLoss, clip_discriminator: clipLoss, fooled_frame: fooledFrame, fooled_clip: fooledClip },
      pictures: scene.pictures,
    };
  },
};

