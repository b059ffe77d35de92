/** Configuration of the audio-lip expert. */
import { z } from "zod";
import { TalkfaceError } from "../../base/errors.js";
import { mouthContext, syncRun, syncWindow } from "../../base/sync-window.js";

const schema = z.strictObject({
  /** Windows of a batch. */
  batch: z.number().int().min(2).default(32),
  /** Frames of a window. */
  frames: z.number().int().min(2 * mouthContext + 2 * syncRun).default(syncWindow),
  dropout: z.number().min(0).max(0.9).default(0.4),
  /** Windows that one run of the deployed mouth network takes, and frames that one of the speech network does. */
  deploy: z.strictObject({ windows: z.number().int().positive().default(4), frames: z.number().int().positive().default(50) }).prefault({}),
});

export type Config = z.infer<typeof schema>;

export function parseConfig(value: unknown): Config {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new TalkfaceError("usage", `configuration of sync: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? "invalid"}.`);
}

export const presets: Readonly<Record<string, Config>> = {
  tiny: parseConfig({ batch: 4, frames: 14, deploy: { windows: 2, frames: 10 } }),
  default: parseConfig({}),
};
