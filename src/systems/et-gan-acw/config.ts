/** Configuration of ET-GAN-ACW: sizes and widths. Figures without a source are ours, for the papers print none (see system.ts). */
import { z } from "zod";
import { TalkfaceError } from "../../base/errors.js";
import { modelPointCount, upperFace } from "../../base/points.js";

const positive = z.number().int().positive();

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
  motion: z.strictObject({ batch: positive, frames: positive, views: positive }).default({ batch: 16, frames: 12, views: 2 }),
  render: z.strictObject({ batch: positive, frames: positive, views: positive }).default({ batch: 3, frames: 5, views: 2 }),
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
    motion: { batch: 4, frames: 5, views: 2 },
    render: { batch: 2, frames: 3, views: 2 },
    deployFrames: { speech: 10, frame: 5, guide: 5 },
  }),
  default: parseConfig({}),
};

/** Points, upper-face deltas and rigid motion: the numbers of one frame's position (features/position.ts writes them). */
export const pointCount = modelPointCount;
export const positionWidth = 6 + 2 * upperFace.length;

/** Uniform numbers a sample needs for dropout and colour changes. */
export const noiseWidth = 640;

/** Side of the grid on which motion is computed. */
export function flowSize(config: Config): number {
  return config.size / 2;
}
