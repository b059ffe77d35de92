/** Settings of a training run: one type, one place for every default. Saved as `config.json` and restored on resume. */
import { z } from "zod";
import { TalkfaceError } from "../base/errors.js";
import { optimizerSchema } from "../nn/optimizers/settings.js";
import { scheduleNames } from "./schedule.js";

const whole = z.number().int().nonnegative();
const positive = z.number().int().positive();

const schema = z.strictObject({
  system: z.string(),
  preset: z.string().default("default"),
  /** Overrides of the preset's configuration. */
  config: z.record(z.string(), z.unknown()).default({}),
  data: z.array(z.string()).min(1),
  seed: whole.default(0),
  /** Phases in order; steps and rate default to the system's. */
  phases: z.array(z.strictObject({ name: z.string(), steps: whole, rate: z.number().positive() })).min(1),
  optimizer: optimizerSchema.prefault({}),
  schedule: z.strictObject({ kind: z.enum(scheduleNames).default("cosine"), floor: z.number().min(0).max(1).default(0.05) }).prefault({}),
  warmupSteps: whole.default(100),
  /** Minutes after which a run ends as if its phases were over; null for no limit. */
  minutes: z.number().positive().nullable().default(null),
  /** Batches whose mean gradient makes an update. */
  accumulate: positive.default(1),
  /** Updates that one run of ONNX Runtime does in a loop. */
  stepsPerRun: positive.default(1),
  /** Updates in a row that may be skipped for numbers that are not finite before the run ends as diverged. */
  skipLimit: positive.default(10),
  /** Steps between checkpoints, validations and sample sheets. */
  checkpointEvery: positive.default(500),
  validateEvery: positive.default(500),
  sampleEvery: positive.default(1000),
  /** Batches of a validation. */
  validationBatches: positive.default(6),
  keepCheckpoints: positive.default(2),
  /** Share of the moving average of weights that is kept each step. */
  averageMemory: z.number().min(0).max(1).default(0.998),
  /** MiB of decoded frames kept in memory. */
  cacheMegabytes: whole.default(2048),
});

export type TrainConfig = z.infer<typeof schema>;

/** Settings that decide which weights come out: a run resumes only with the same. */
export const decisive = ["system", "preset", "config", "seed", "phases", "optimizer", "schedule", "warmupSteps", "accumulate"] as const satisfies readonly (keyof TrainConfig)[];

export function parseTrainConfig(value: unknown, where: string): TrainConfig {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new TalkfaceError("usage", `${where}: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? "not valid"}.`);
}

/** Where a run stands after `done` steps: the phase and its own step; null when all phases are over. */
export function placeOf(done: number, phases: TrainConfig["phases"]): { readonly index: number; readonly step: number } | null {
  let left = done;
  for (const [index, phase] of phases.entries()) {
    if (left < phase.steps) return { index, step: left };
    left -= phase.steps;
  }
  return null;
}
