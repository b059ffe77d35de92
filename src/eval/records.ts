/** A folder that keeps the scores of clips: a repeated command computes what is missing, several processes fill it together. */
import { join } from "node:path";
import { z } from "zod";
import { exists, readJson, writeAtomic } from "../base/files.js";
import { check } from "../data/manifest.js";
import type { Metric } from "../metrics/metric.js";
import type { UnitResult } from "./score-unit.js";

/** JSON has no NaN: a frame without a value is null there. */
const perFrameSchema = z.array(z.number().nullable());
const scoresSchema = z.object({
  values: z.record(z.string(), z.number()),
  frames: z.number(),
  perFrame: perFrameSchema.optional(),
  curves: z.record(z.string(), perFrameSchema).optional(),
  pool: z.array(z.number()).optional(),
});
const finishedSchema = z.union([scoresSchema, z.object({ missing: z.string() })]);
const count = z.number().int().nonnegative();

const recordSchema = z.object({
  system: z.string(),
  clip: z.string(),
  problem: z.string().nullable(),
  notes: z.array(z.string()),
  frames: z.object({ made: count, real: count }),
  /** By metric, each with the protocol that it was computed with. */
  scores: z.record(z.string(), z.object({ protocol: z.string(), result: finishedSchema })),
});

export class Records {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = join(folder, "scores");
  }

  /** What is known of a unit: scores whose protocol is today's. Null where nothing is. */
  async read(id: string, metrics: readonly Metric[]): Promise<UnitResult | null> {
    const record = await this.#record(id);
    if (record === null) return null;
    const { scores, ...rest } = record;
    const known = metrics.flatMap(({ name, protocol }) => {
      const found = scores[name];
      return found === undefined || found.protocol !== protocol ? [] : [[name, revived(found.result)] as const];
    });
    return { ...rest, scores: Object.fromEntries(known) };
  }

  /** Adds to what is known of a unit. */
  async write(id: string, { scores, ...rest }: UnitResult, metrics: readonly Metric[]): Promise<void> {
    const protocols = new Map(metrics.map(({ name, protocol }) => [name, protocol]));
    const fresh = Object.fromEntries(Object.entries(scores).map(([name, result]) => [name, { protocol: protocols.get(name)!, result }]));
    await writeAtomic(this.#path(id), JSON.stringify({ ...rest, scores: { ...(await this.#record(id))?.scores, ...fresh } }));
  }

  async #record(id: string): Promise<z.infer<typeof recordSchema> | null> {
    const path = this.#path(id);
    return (await exists(path)) ? check(recordSchema, await readJson(path), path) : null;
  }

  #path(id: string): string {
    return join(this.#folder, `${id}.json`);
  }
}

function revived(result: z.infer<typeof finishedSchema>): UnitResult["scores"][string] {
  if ("missing" in result) return result;
  const { values, frames, perFrame, curves, pool } = result;
  const known = (list: z.infer<typeof perFrameSchema>): number[] => list.map((value) => value ?? Number.NaN);
  return {
    values,
    frames,
    ...(perFrame === undefined ? {} : { perFrame: known(perFrame) }),
    ...(curves === undefined ? {} : { curves: Object.fromEntries(Object.entries(curves).map(([name, list]) => [name, known(list)])) }),
    ...(pool === undefined ? {} : { pool }),
  };
}
