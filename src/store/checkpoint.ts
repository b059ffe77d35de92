/**
 * Checkpoints of a run: `checkpoint-NNNNNNNN.safetensors`, written under a temporary name and renamed; the newest that verifies wins.
 * Beside them `best.safetensors`, the weights that validation liked best.
 */
import { readdir, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { fromSystemError, TalkfaceError } from "../base/errors.js";
import { exists, readBytes, sha256, writeAtomic } from "../base/files.js";
import { warn } from "../base/log.js";
import { decodeSafeTensors, encodeSafeTensors } from "./safetensors.js";

export interface Checkpoint {
  /** Optimizer steps done so far, over all phases. */
  readonly step: number;
  /** Vectors by name, for instance `theta.generator`. */
  readonly vectors: ReadonlyMap<string, Float32Array>;
  /** Small facts as JSON: system, configuration, contract, phase. */
  readonly facts: Readonly<Record<string, string>>;
}

const pattern = /^checkpoint-(\d{8})\.safetensors$/;

export function checkpointName(step: number): string {
  return `checkpoint-${String(step).padStart(8, "0")}.safetensors`;
}

/** Writes a checkpoint and removes all but the newest `keep`. */
export async function writeCheckpoint(folder: string, checkpoint: Checkpoint, keep: number): Promise<string> {
  const path = join(folder, checkpointName(checkpoint.step));
  await writeAt(path, checkpoint);
  const names = await checkpointNames(folder);
  await Promise.all(names.slice(0, Math.max(0, names.length - keep)).map((name) => rm(join(folder, name), { force: true })));
  return path;
}

export const bestName = "best.safetensors";

/** Writes the best weights in place of those that were it. */
export function writeBest(folder: string, checkpoint: Checkpoint): Promise<void> {
  return writeAt(join(folder, bestName), checkpoint);
}

async function writeAt(path: string, { step, vectors, facts }: Checkpoint): Promise<void> {
  const tensors = new Map([...vectors].map(([name, data]) => [name, { shape: [data.length], data }]));
  await writeAtomic(path, encodeSafeTensors({ tensors, metadata: { ...facts, step: String(step), digest: digestOf(vectors) } }));
}

/** A checkpoint and the path that it was read from. */
export interface FoundCheckpoint extends Checkpoint {
  readonly path: string;
}

/** The newest checkpoint of a run that reads whole, or null where there is none. */
export async function newestCheckpoint(folder: string): Promise<FoundCheckpoint | null> {
  for (const name of (await checkpointNames(folder)).reverse()) {
    const path = join(folder, name);
    try {
      return { ...(await readCheckpoint(path)), path };
    } catch (error) {
      warn(`${(error as Error).message} Trying the one before.`);
    }
  }
  return null;
}

/** A checkpoint file itself, or of a run's folder the `latest` that reads whole, the `best`, or the file of that name. Throws `missing-file` where there is none. */
export async function findCheckpoint(path: string, which: string): Promise<FoundCheckpoint> {
  const status = await stat(path).catch((error: unknown) => {
    throw fromSystemError(error, path);
  });
  if (!status.isDirectory()) {
    if (which !== "latest") throw new TalkfaceError("usage", `${path}: is a file, of which checkpoint "${which}" cannot be chosen. Give the folder of the run, or the file alone.`);
    return { ...(await readCheckpoint(path)), path };
  }
  if (which === "latest") {
    const newest = await newestCheckpoint(path);
    if (newest === null) throw new TalkfaceError("missing-file", `${path}: holds no checkpoint that reads whole. Give the folder that \`talkface train --out\` named.`);
    return newest;
  }
  if (basename(which) !== which || which === "") throw new TalkfaceError("usage", `checkpoint "${which}": expected best, latest or the name of a file in ${path}. Give a file elsewhere instead of the folder.`);
  const file = join(path, which === "best" ? bestName : which);
  if (!(await exists(file))) throw new TalkfaceError("missing-file", `${file}: no such checkpoint. ${which === "best" ? "A run keeps its best weights once it has validated" : "Give best, latest or the name of a file in the run's folder"}.`);
  return { ...(await readCheckpoint(file)), path: file };
}

/** Reads one checkpoint file and checks its digest. */
export async function readCheckpoint(path: string): Promise<Checkpoint> {
  const { tensors, metadata } = decodeSafeTensors(await readBytes(path), path);
  const vectors = new Map([...tensors].map(([name, { data }]) => [name, data]));
  const { step, digest, ...facts } = metadata;
  if (digest !== digestOf(vectors) || !/^\d+$/.test(step ?? "")) throw new TalkfaceError("bad-data", `${path}: its digest does not match its content. Use another checkpoint.`);
  return { step: Number(step), vectors, facts };
}

async function checkpointNames(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => pattern.test(name)).sort();
}

function digestOf(vectors: ReadonlyMap<string, Float32Array>): string {
  return sha256([...vectors].map(([name, data]) => `${name}:${sha256(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))}`).join("\n"));
}
