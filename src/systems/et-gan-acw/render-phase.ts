/** Phases 2 and 3: the generator's pictures, first by reconstruction, then against the two discriminators. */
import { abs, add, mul, sub } from "../../graph/ops/arithmetic.js";
import { stopGradient } from "../../graph/ops/flow.js";
import { expand, pad, reshape, slice } from "../../graph/ops/layout.js";
import { mean } from "../../graph/ops/reduce.js";
import { resizeNearest } from "../../graph/ops/resize.js";
import type { Value } from "../../graph/value.js";
import { cosineDistance, gradientDifference, hingeDiscriminator, hingeGenerator, l1, l2 } from "../../nn/losses.js";
import type { Params } from "../../nn/params.js";
import { Noise } from "../parts/noise.js";
import { differences, fromBytes, shrink, tint, toBytes } from "../parts/pictures.js";
import type { Phase, PhaseResult } from "../system.js";
import type { BatchField } from "../system.js";
import { type Config, has, pointCount } from "./config.js";
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

/** Side of the blocks in which texture is compared, in pixels. */
const textureBlock = 8;

/**
 * How much texture there is, not where its lines lie: L1 between mean steps from pixel to pixel in blocks of pictures [N, 3, S, S], weighted by block [N, 1, S/8, S/8].
 * Where a picture cannot be foretold, the least pixel error is a blur; this charges for it.
 */
export function textureDifference(a: Value, b: Value, weight: Value): Value {
  const [s] = a.shape.slice(2) as [number];
  const amount = (x: Value): readonly Value[] => differences(x).map((step, i) => {
    const whole = pad(abs(step), [[0, 0], [0, 0], [0, i], [0, 1 - i]]); // a missing last row or column
    return shrink(whole, s / textureBlock);
  });
  const [ofA, ofB] = [amount(a), amount(b)];
  return add(l1(ofA[0] as Value, ofB[0] as Value, weight), l1(ofA[1] as Value, ofB[1] as Value, weight));
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
    views,
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
  const texture = textureDifference(rendered.picture, target, shrink(weight, s / textureBlock));

  // Frozen judges: who it is (with early maps as a perceptual measure) and which expression it has.
  const judge = p.frozen();
  const seen = identityEncoder(config, judge, rendered.picture);
  const wanted = identityEncoder(config, judge, target);
  const identity = cosineDistance(seen.code, stopGradient(wanted.code));
  const features = seen.stages.map((x, i) => l1(x, stopGradient(wanted.stages[i] as Value))).reduce((x, y) => add(x, y));
  const expression = l2(expressionEncoder(config, judge, rendered.picture), stopGradient(expressionEncoder(config, judge, target)));
  const painted = mean(rendered.mask);

  const parts = [mul(pixels, 10), mul(warping, 4), mul(edges, 5), mul(flicker, config.losses.flicker), mul(texture, config.losses.texture), mul(features, 1), mul(identity, 0.5), mul(expression, 0.05)];
  const loss = parts.reduce((x, y) => add(x, y));
  const first = reshape(slice(views, 1, 0, 1), [b, 3, s, s]);
  return {
    target,
    view: repeatFrames(first, t),
    picture: rendered.picture,
    loss,
    figures: { pixels, warping, edges, flicker, texture, features, identity, expression, painted },
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

function adversarialFields(config: Config): readonly BatchField[] {
  const own = renderFields(config);
  const driving = ["guide", "position", "base", "scale"].map((name) => ({ ...(own.find((field) => field.name === name) as BatchField), name: `cross_${name}` }));
  return has(config, "cross") ? [...own, ...driving] : own;
}

interface CrossScene {
  readonly view: Value;
  readonly picture: Value;
  readonly identity: Value;
  readonly expression: Value;
}

/** Each person of the batch with the head, brows and eyes of another one: there is no true picture. */
function buildCross(config: Config, p: Params, batch: (name: string) => Value): CrossScene {
  const { batch: b, frames: t, views: k } = config.render;
  const s = config.size;
  const { frame, viewCodes, expression: wanted } = encodeWindows(config, p.frozen(), config.render, (name) => batch(["guide", "position", "base", "scale"].includes(name) ? `cross_${name}` : name), undefined);
  const views = reshape(fromBytes(batch("views")), [b, k, 3, s, s]);
  const { picture } = render(config, p, {
    views,
    viewPoints: repeatFrames(batch("view_points"), t),
    viewMask: repeatFrames(batch("view_mask"), t),
    points: stopGradient(frame.points),
    fused: stopGradient(frame.fused),
  });
  const judge = p.frozen();
  const person = reshape(mean(viewCodes, { axes: [1], keepDims: false }), [b, config.width]);
  const identity = cosineDistance(identityEncoder(config, judge, picture).code, stopGradient(repeatFrames(person, t)));
  const expression = l2(expressionEncoder(config, judge, picture), stopGradient(repeatFrames(wanted, t)));
  return { view: repeatFrames(reshape(slice(views, 1, 0, 1), [b, 3, s, s]), t), picture, identity, expression };
}

export const adversarialPhase: Phase<Config> = {
  name: "adversarial",
  groups: ["generator", "discriminator"],
  judgedBy: { figure: "features", better: "lower" }, // the loss rises as the discriminators learn
  defaultSteps: 2000,
  defaultRate: 1e-4,
  batch: adversarialFields,
  build(config, params, batch): PhaseResult {
    const p = params("generator");
    const d = params("discriminator");
    const { batch: b, frames: t } = config.render;
    const scene = buildScene(config, p, batch);
    const cross = has(config, "cross") ? buildCross(config, p, batch) : null;
    const clip = (x: Value): Value => reshape(x, [b, t, 3, config.size, config.size]);
    const fakes = [scene, ...(cross === null ? [] : [cross])];
    const zero = p.graph.scalar(0);
    const average = (losses: readonly Value[]): Value => mul(losses.reduce((x, y) => add(x, y)), 1 / losses.length);

    const discriminators = [
      ...(has(config, "frame-discriminator") ? [{ name: "frame", score: (q: Params, { picture, view }: { picture: Value; view: Value }) => frameDiscriminator(config, q, picture, view) }] : []),
      ...(has(config, "clip-discriminator") ? [{ name: "clip", score: (q: Params, { picture }: { picture: Value }) => clipDiscriminator(config, q, clip(picture)) }] : []),
    ];
    const figures: Record<string, Value> = { ...scene.figures };
    let [fooled, told] = [zero, zero];
    for (const { name, score } of discriminators) {
      const fooling = average(fakes.map((fake) => hingeGenerator(score(d.frozen(), fake))));
      const real = score(d, { picture: scene.target, view: scene.view });
      const telling = average(fakes.map((fake) => hingeDiscriminator(real, score(d, { picture: stopGradient(fake.picture), view: fake.view }))));
      [fooled, told] = [add(fooled, fooling), add(told, telling)];
      Object.assign(figures, { [`${name}_discriminator`]: telling, [`fooled_${name}`]: fooling });
    }
    let loss = add(scene.loss, mul(fooled, config.losses.adversarial));
    if (cross !== null) {
      loss = add(loss, mul(add(cross.identity, mul(cross.expression, 0.1)), config.losses.cross));
      Object.assign(figures, { cross_identity: cross.identity, cross_expression: cross.expression });
    }
    return {
      losses: [{ group: "generator", loss }, ...(discriminators.length > 0 ? [{ group: "discriminator", loss: told }] : [])],
      figures,
      pictures: { ...scene.pictures, ...(cross === null ? {} : { cross: toBytes(cross.picture) }) },
    };
  },
};
