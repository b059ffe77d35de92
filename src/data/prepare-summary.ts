/** What a prepared folder holds, in counts. */
import { z } from "zod";
import { splits, type ManifestClip, type Reject, type Split } from "./manifest.js";

export const summarySchema = z.object({
  videos: z.number(),
  clips: z.number(),
  frames: z.number(),
  seconds: z.number(),
  people: z.number(),
  splits: z.object({ train: z.number(), val: z.number(), test: z.number().default(0) }),
  /** Clips whose sound was moved, and those found in step already. */
  sync: z.object({ moved: z.number(), inStep: z.number(), unclear: z.number(), silent: z.number() }),
  rejects: z.record(z.string(), z.number()),
});

/** What a prepared folder holds; stands in its `prepared.json` too. */
export type PrepareSummary = z.infer<typeof summarySchema>;

/** Counts clips as they are written: a manifest of half a million is never held as a whole. */
export class Tally {
  readonly #people = new Set<string>();
  readonly #splits = Object.fromEntries(splits.map((split) => [split, 0])) as Record<Split, number>;
  readonly #sync = { moved: 0, inStep: 0, unclear: 0, silent: 0 };
  #clips = 0;
  #frames = 0;

  get clips(): number {
    return this.#clips;
  }

  add({ frames, person, split, silent, sync }: Pick<ManifestClip, "frames" | "person" | "split" | "silent" | "sync">): void {
    this.#clips++;
    this.#frames += frames;
    this.#people.add(person);
    this.#splits[split]++;
    if (silent) this.#sync.silent++;
    if (!sync.corrected && !silent) this.#sync.unclear++;
    if (sync.corrected) this.#sync[sync.offsetFrames === 0 ? "inStep" : "moved"]++;
  }

  /** Of `videos` files, with what was dropped. */
  summary(videos: number, rejects: readonly Reject[], fps: number): PrepareSummary {
    const reasons: Record<string, number> = {};
    for (const { reason } of rejects) reasons[reason] = (reasons[reason] ?? 0) + 1;
    const [clips, frames] = [this.#clips, this.#frames];
    return { videos, clips, frames, seconds: frames / fps, people: this.#people.size, splits: this.#splits, sync: this.#sync, rejects: reasons };
  }
}
