/** A deployed model: a folder with ONNX graphs, `model.json` and `card.md`. Nothing outside the folder is read. */
import { join } from "node:path";
import { z } from "zod";
import type { DataContract } from "../base/contract.js";
import { TalkfaceError } from "../base/errors.js";
import { exists, readJson, sha256File, writeAtomic } from "../base/files.js";
import type { OnnxModel } from "../graph/onnx.js";
import { readNetworks, writeNetworks } from "./network-files.js";

const description = z.strictObject({
  formatVersion: z.literal(1),
  system: z.string(),
  config: z.record(z.string(), z.unknown()),
  contract: z.object({ formatVersion: z.literal(1), fps: z.number(), sampleRateHz: z.number(), size: z.number(), landmarks: z.literal("ibug68"), crop: z.string(), mel: z.object({ windowSamples: z.number(), hopSamples: z.number(), fftSize: z.number(), bands: z.number(), lowHz: z.number(), highHz: z.number() }) }),
  /** Licence of the weights. */
  licence: z.string(),
  /** Type of the weights in the files; float32 where it is not said. */
  precision: z.enum(["float32", "float16"]).optional(),
  /** What the weights were trained with: steps, data, seed. */
  training: z.record(z.string(), z.union([z.string(), z.number()])),
  networks: z.record(z.string().regex(/^[a-z0-9-]+$/), z.strictObject({ file: z.string().regex(/^[a-z0-9-]+\.onnx$/), sha256: z.string(), bytes: z.number() })),
});

export type ModelDescription = z.infer<typeof description> & { readonly contract: DataContract };

export interface Model {
  readonly folder: string;
  readonly description: ModelDescription;
  /** ONNX bytes by network name, digests checked. */
  readonly networks: ReadonlyMap<string, Uint8Array>;
}

/** Writes the graphs and their description, and returns the bytes of the graphs; the card is the author's. */
export async function writeModel(folder: string, facts: Omit<ModelDescription, "formatVersion" | "networks">, graphs: ReadonlyMap<string, OnnxModel>): Promise<number> {
  const networks = await writeNetworks(folder, graphs);
  await writeAtomic(join(folder, "model.json"), `${JSON.stringify({ formatVersion: 1, ...facts, networks }, null, 2)}\n`);
  return Object.values(networks).reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Digest of a model folder: that of its description, which names those of the networks. Null where there is no model. */
export async function modelDigest(folder: string): Promise<string | null> {
  const path = join(folder, "model.json");
  return (await exists(path)) ? sha256File(path) : null;
}

/** Reads a model folder and checks every digest. */
export async function readModel(folder: string): Promise<Model> {
  const path = join(folder, "model.json");
  const parsed = description.safeParse(await readJson(path));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new TalkfaceError("bad-model", `${path}: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? "not a model description"}. Install the model again.`);
  }
  const networks = await readNetworks(folder, parsed.data.networks, "Install the model again.");
  return { folder, description: parsed.data as ModelDescription, networks };
}
