/** Settings of a training run: one type, one place for every default. Saved as `config.json` and restored on resume. */
import { z } from "zod";
import { TalkfaceError } from "../base/errors.js";
import { optimizerSchema } from "../nn/optimizers/settings.js";

const whole = z.number().int().nonnegative();

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
  /** Steps between checkpoints, validations and sample sheets. */
  checkpointEvery: z.number().int().positive().default(500),
  validateEvery: z.number().int().positive().default(500),
  sampleEvery: z.number().int().positive().default(1000),
  /** Batches of a validation. */
  validationBatches: z.number().int().positive().default(6),
  keepCheckpoints: z.number().int().positive().default(2),
  /** Share of the moving average of weights that is kept each step. */
  averageMemory: z.number().min(0).max(1).default(0.998),
  warmupSteps: z.number().int().nonnegative().default(100),
  /** MiB of decoded frames kept in memory. */
  cacheMegabytes: z.number().int().nonnegative().default(2048),
});

export type TrainConfig = z.infer<typeof schema>;

export function parseTrainConfig(value: unknown, where: string): TrainConfig {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new TalkfaceError("usage", `${where}: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? "not valid"}.`);
}

/** Learning rate of a phase at its step (0-based): linear warm-up, then a half cosine down to a twentieth. */
export function rateAt(step: number, phase: { readonly steps: number; readonly rate: number }, warmupSteps: number): number {
  const warm = Math.min(warmupSteps, Math.floor(phase.steps / 10));
  if (step < warm) return (phase.rate * (step + 1)) / warm;
  const progress = Math.min(1, (step - warm) / Math.max(1, phase.steps - warm));
  return phase.rate * (0.05 + 0.475 * (1 + Math.cos(Math.PI * progress)));
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
