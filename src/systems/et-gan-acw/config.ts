/** Configuration of ET-GAN-ACW: sizes and widths. Figures without a source are ours, for the papers print none (see system.ts). */
import { z } from "zod";
import { TalkfaceError } from "../../base/errors.js";
import { modelPointCount, upperFace } from "../../base/points.js";

const positive = z.number().int().positive();

/** What can be left out, to see what it is good for. `weighting`: plain concatenation in its place; `cross`: the cross-identity half of the adversarial phase. */
export const parts = ["weighting", "identity", "expression", "speech", "position", "frame-discriminator", "clip-discriminator", "identity-removal", "emotion", "expert", "cross"] as const;

export type Part = (typeof parts)[number];

const weight = z.number().nonnegative();

const schema = z.strictObject({
  /** Side of the face crop in pixels. */
  size: z.union([z.literal(64), z.literal(128), z.literal(256)]).default(128),
  /** Identity views that one frame of a deployed model draws on; fewer are masked. */
  views: positive.default(4),
  /** Guide frames that make one expression code, spread over about a second: slow, so that no lip motion fits in. */
  guideFrames: positive.default(3),
  /** Frames of speech on either side of a frame (co-articulation reaches over 200 ms). */
  contextFrames: z.literal(10).default(10),
  melBands: positive.default(80),
  /** Width of codes and of the 4x4 maps that are weighted and fused. */
  width: positive.default(96),
  audioWidth: positive.default(96),
  encoderWidths: z.array(positive).length(3).default([24, 40, 64]),
  painterWidths: z.array(positive).length(4).default([32, 64, 96, 128]),
  discriminatorWidths: z.array(positive).length(3).default([32, 64, 128]),
  /** Probability with which a channel of a code is dropped in training. */
  dropout: z.number().min(0).max(0.9).default(0.3),
  /** Numbers that an expression of a face's points is told in, and the windows of its phase. */
  tailoring: z.strictObject({ width: positive, batch: positive.min(2), frames: positive }).default({ width: 16, batch: 64, frames: 25 }),
  motion: z.strictObject({ batch: positive, frames: positive, views: positive }).default({ batch: 16, frames: 24, views: 2 }),
  render: z.strictObject({ batch: positive, frames: positive, views: positive }).default({ batch: 3, frames: 5, views: 2 }),
  without: z.array(z.enum(parts)).default([]),
  /** Weights of the losses that are not reconstruction; `follow`: of how badly lips open and shut with the true ones, however far. */
  losses: z.strictObject({ expert: weight.default(0.1), follow: weight.default(0.05), identityRemoval: weight.default(0.05), emotion: weight.default(0.02), adversarial: weight.default(0.25), cross: weight.default(0.5), flicker: weight.default(5), texture: weight.default(20) }).prefault({}),
  /** Frames that the deployed speech and frame networks take a run. */
  deployFrames: z.strictObject({ speech: positive, frame: positive, guide: positive }).default({ speech: 25, frame: 5, guide: 5 }),
});

export type Config = z.infer<typeof schema>;

export function parseConfig(value: unknown): Config {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new TalkfaceError("usage", `configuration of et-gan-acw: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? "invalid"}.`);
}

export const presets: Readonly<Record<string, Config>> = {
  tiny: parseConfig({
    size: 64,
    views: 2,
    width: 16,
    audioWidth: 16,
    encoderWidths: [8, 8, 16],
    painterWidths: [8, 16, 16, 16],
    discriminatorWidths: [8, 16, 16],
    tailoring: { width: 8, batch: 4, frames: 9 },
    motion: { batch: 4, frames: 9, views: 2 },
    render: { batch: 2, frames: 3, views: 2 },
    deployFrames: { speech: 10, frame: 5, guide: 5 },
  }),
  default: parseConfig({}),
  hd: parseConfig({ size: 256, painterWidths: [24, 48, 96, 128], discriminatorWidths: [24, 48, 96], render: { batch: 2, frames: 3, views: 2 }, deployFrames: { speech: 25, frame: 2, guide: 5 } }),
};

export function has(config: Config, part: Part): boolean {
  return !config.without.includes(part);
}

/** Points, upper-face deltas and rigid motion: the numbers of one frame's position (features/position.ts writes them). */
export const pointCount = modelPointCount;
export const positionWidth = 6 + 2 * upperFace.length;

/** Uniform numbers that a sample needs: colour changes of views, guide and pictures, dropout of two codes and of three layers of the two speech encoders. */
export function noiseWidth({ width, audioWidth }: Config): number {
  return 3 * 3 + 2 * width + 6 * audioWidth;
}

/** Side of the grid on which motion is computed. */
export function flowSize(config: Config): number {
  return config.size / 2;
}
