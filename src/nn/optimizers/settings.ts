/** Which optimizer a run uses, as settings that are saved with it. */
import { z } from "zod";
import { adam, adamW } from "./adam.js";
import type { UpdateRule } from "./optimizer.js";
import { rmsProp } from "./rmsprop.js";
import { sgd } from "./sgd.js";

export const optimizerNames = ["adam", "adamw", "rmsprop", "sgd"] as const;

const share = z.number().min(0).lt(1);

export const optimizerSchema = z.strictObject({
  name: z.enum(optimizerNames).default("adam"),
  /** Adam and AdamW: shares of the mean gradient and of the mean square that are kept. */
  beta1: share.default(0.9),
  beta2: share.default(0.99),
  /** RMSprop: share of the mean square that is kept. */
  alpha: share.default(0.99),
  epsilon: z.number().positive().default(1e-8),
  /** RMSprop and SGD. */
  momentum: share.default(0),
  decay: z.number().nonnegative().default(0),
  /** Largest norm that a gradient may have; 0 for no limit. */
  clip: z.number().nonnegative().default(1),
});

/** Numbers that a user may set. */
export const optimizerKeys = Object.keys(optimizerSchema.shape).filter((key) => key !== "name");

export type OptimizerSettings = z.infer<typeof optimizerSchema>;

const makers = { adam, adamw: adamW, rmsprop: rmsProp, sgd } as const;

export function updateRule(settings: OptimizerSettings): UpdateRule {
  return { optimizer: makers[settings.name](settings), clip: settings.clip };
}

export const defaultRule: UpdateRule = updateRule(optimizerSchema.parse({}));
