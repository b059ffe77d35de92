/** Checkpoints of a run: `checkpoint-NNNNNNNN.safetensors`, written under a temporary name and renamed; the newest that verifies wins. */
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fromSystemError } from "../base/errors.js";
import { sha256, writeAtomic } from "../base/files.js";
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
  const tensors = new Map([...checkpoint.vectors].map(([name, data]) => [name, { shape: [data.length], data }]));
  const digest = digestOf(checkpoint.vectors);
  const path = join(folder, checkpointName(checkpoint.step));
  await writeAtomic(path, encodeSafeTensors({ tensors, metadata: { ...checkpoint.facts, step: String(checkpoint.step), digest } }));
  const names = await checkpointNames(folder);
  await Promise.all(names.slice(0, Math.max(0, names.length - keep)).map((name) => rm(join(folder, name), { force: true })));
  return path;
}

/** The newest checkpoint of a run that reads whole, or null where there is none. */
export async function newestCheckpoint(folder: string): Promise<Checkpoint | null> {
  for (const name of (await checkpointNames(folder)).reverse()) {
    try {
      return await readCheckpoint(join(folder, name));
    } catch (error) {
      warn(`${(error as Error).message} Trying the one before.`);
    }
  }
  return null;
}

/** Reads one checkpoint file and checks its digest. */
export async function readCheckpoint(path: string): Promise<Checkpoint> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw fromSystemError(error, path);
  }
  const { tensors, metadata } = decodeSafeTensors(bytes, path);
  const vectors = new Map([...tensors].map(([name, { data }]) => [name, data]));
  const { step, digest, ...facts } = metadata;
  if (digest !== digestOf(vectors) || !/^\d+$/.test(step ?? "")) throw new Error(`${path}: its digest does not match its content.`);
  return { step: Number(step), vectors, facts };
}

async function checkpointNames(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => pattern.test(name)).sort();
}

function digestOf(vectors: ReadonlyMap<string, Float32Array>): string {
  return sha256([...vectors].map(([name, data]) => `${name}:${sha256(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))}`).join("\n"));
}
