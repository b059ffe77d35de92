/** Networks that a user imported from elsewhere: a folder of ONNX files with a description, in a place of their own or where a user says. */
import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { TalkfaceError } from "../base/errors.js";
import { exists, readJson, sha256, writeAtomic } from "../base/files.js";
import type { OnnxModel } from "../graph/onnx.js";
import { readNetworks, writeNetworks } from "./network-files.js";

const schema = z.object({
  formatVersion: z.literal(1),
  kind: z.string(),
  /** Digest of the file that was imported. */
  source: z.string(),
  networks: z.record(z.string().regex(/^[a-z]+$/), z.string()),
});

const descriptionName = "imported.json";

/** `$TALKFACE_HOME/models/KIND`, else in the user's data folder. */
export function importedFolder(kind: string): string {
  const { TALKFACE_HOME: home, XDG_DATA_HOME: data } = process.env;
  return join(home ?? join(data ?? join(homedir(), ".local", "share"), "talkface"), "models", kind);
}

export async function writeImported(folder: string, kind: string, source: string, graphs: Readonly<Record<string, OnnxModel>>): Promise<void> {
  const written = Object.entries(await writeNetworks(folder, Object.entries(graphs)));
  const networks = Object.fromEntries(written.map(([name, { sha256 }]) => [name, sha256]));
  await writeAtomic(join(folder, descriptionName), `${JSON.stringify({ formatVersion: 1, kind, source, networks }, null, 2)}\n`);
}

/** Digest of the networks as imported; null where nothing was. Throws `bad-model` for a damaged description. */
export async function importedDigest(kind: string): Promise<string | null> {
  const description = await readDescription(kind, importedFolder(kind));
  return description === null ? null : sha256(JSON.stringify(description.networks));
}

async function readDescription(kind: string, folder: string): Promise<z.infer<typeof schema> | null> {
  const path = join(folder, descriptionName);
  if (!(await exists(path))) return null;
  const parsed = schema.safeParse(await readJson(path));
  if (!parsed.success || parsed.data.kind !== kind) throw new TalkfaceError("bad-model", `${path}: is no description of an imported ${kind}. Import it again with --force.`);
  return parsed.data;
}

/** ONNX bytes by name, digests checked; null where nothing was imported. Throws `bad-model` for a damaged folder. */
export async function readImported(kind: string, folder = importedFolder(kind)): Promise<Readonly<Record<string, Uint8Array>> | null> {
  const description = await readDescription(kind, folder);
  if (description === null) return null;
  const files = Object.fromEntries(Object.entries(description.networks).map(([name, sha256]) => [name, { file: `${name}.onnx`, sha256 }]));
  return Object.fromEntries(await readNetworks(folder, files, "Import it again with --force."));
}
