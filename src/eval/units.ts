/** What is scored: plain values, because threads and other processes take their part of them. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { fromSystemError } from "../base/errors.js";
import { sha256 } from "../base/files.js";
import type { Device } from "../runtime/devices.js";
import { modelDigest } from "../store/model.js";
import { type Pairing, pairingProtocol } from "./frame-pairs.js";
import { selfDriveProtocol } from "./self-drive.js";

/** Where frames and sound come from. */
export type Source =
  | { readonly kind: "file"; readonly path: string }
  /** A clip of prepared data. */
  | ClipSource
  /** What a model draws of a clip: its own pictures and head motion, and the speech of `speechOf`. */
  | { readonly kind: "driven"; readonly model: string; readonly device: Device; readonly clip: ClipSource; readonly speechOf: string }
  /** The first frame, held. */
  | { readonly kind: "still"; readonly of: Source };

export interface ClipSource {
  readonly kind: "clip";
  readonly folders: readonly string[];
  readonly id: string;
}

/** One clip of one system. */
export interface Unit {
  readonly system: string;
  /** The same for all systems that are compared on it. */
  readonly clip: string;
  readonly made: Source;
  readonly real: Source | null;
  /** Whose sound belongs to the made video; null: its own. */
  readonly sound: Source | null;
  /** Who it is, for metrics that compare people; null where nobody says. */
  readonly identity: string | null;
  /** Which emotion it shows, by whatever name; null where nobody says. */
  readonly emotion: string | null;
  /** `speech`: only metrics of speech mean something here. `alone`: only metrics that need no real video. */
  readonly only?: "speech" | "alone";
}

/** A video without a partner, or a pair that cannot be: it counts, and has no score. */
export interface Unpaired {
  readonly system: string;
  readonly clip: string;
  readonly problem: string;
}

export interface Plan {
  /** In the order in which they are shown; the first one leads. */
  readonly systems: readonly string[];
  readonly units: readonly Unit[];
  readonly unpaired: readonly Unpaired[];
}

/** Names a unit by its files with their size and time of change, its model and how frames meet: what changed is scored again. */
export async function unitId(unit: Unit, pairing: Pairing): Promise<string> {
  return sha256(JSON.stringify([unit, pairing, pairingProtocol(pairing), await fingerprint(unit.made), await fingerprint(unit.real), await fingerprint(unit.sound)])).slice(0, 20);
}

async function fingerprint(source: Source | null): Promise<unknown> {
  switch (source?.kind) {
    case undefined:
      return null;
    case "file":
      return fileFingerprint(source.path);
    case "clip":
      return Promise.all(source.folders.map((folder) => fileFingerprint(join(folder, "manifest.jsonl"))));
    case "driven":
      return [await modelDigest(source.model), selfDriveProtocol, await fingerprint(source.clip)];
    case "still":
      return fingerprint(source.of);
  }
}

/** A file that is missing has none: what is wrong with it is said where it is read. */
async function fileFingerprint(path: string): Promise<unknown> {
  try {
    const { size, mtimeMs } = await stat(path);
    return [size, Math.round(mtimeMs)];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw fromSystemError(error, path);
  }
}
