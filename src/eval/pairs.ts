/** Which video is compared with which. */
import { stat } from "node:fs/promises";
import { basename, dirname, extname, join, relative, resolve } from "node:path";
import { fromSystemError, TalkfaceError } from "../base/errors.js";
import { readText } from "../base/files.js";
import { filesBelow, videoExtensions } from "../data/inputs.js";

export interface Pair {
  readonly name: string;
  readonly made: string;
  readonly real: string;
}

export interface Pairing {
  readonly pairs: readonly Pair[];
  /** Videos without a partner, each in a sentence. */
  readonly alone: readonly { readonly name: string; readonly problem: string }[];
}

/** Two files, or two folders whose videos are paired by their path without extension. */
export async function pairOf(made: string, real: string): Promise<Pairing> {
  const [a, b] = [await isFolder(made), await isFolder(real)];
  if (a !== b) throw new TalkfaceError("usage", `${made} and ${real}: expected two videos or two folders.`);
  if (!a) return { pairs: [{ name: basename(made), made, real }], alone: [] };
  const [left, right] = [await videosOf(made), await videosOf(real)];
  const names = [...new Set([...left.keys(), ...right.keys()])].sort();
  const pairs = names.flatMap((name): Pair[] => (left.has(name) && right.has(name) ? [{ name, made: left.get(name)!, real: right.get(name)! }] : []));
  if (pairs.length === 0) throw new TalkfaceError("missing-file", `${made} and ${real}: no video of the one has the name of one of the other.`);
  const alone = names.flatMap((name) => (left.has(name) === right.has(name) ? [] : [{ name, problem: left.has(name) ? `${real} has no video of that name` : `${made} has no video of that name` }]));
  return { pairs, alone };
}

/** A CSV file with the header `generated,real`; paths count from its folder. Fields hold no commas. */
export async function pairsOfFile(path: string): Promise<Pairing> {
  const [head = "", ...rows] = (await readText(path)).replace(/^\uFEFF/, "").split(/\r?\n/).filter((line) => line.trim() !== "");
  const columns = head.split(",").map((name) => name.trim());
  const [made, real] = [columns.indexOf("generated"), columns.indexOf("real")];
  if (made < 0 || real < 0) throw new TalkfaceError("bad-data", `${path}: expected a first line with the columns generated and real.`);
  if (rows.length === 0) throw new TalkfaceError("bad-data", `${path}: lists no pair.`);
  const pairs = rows.map((row, i): Pair => {
    const fields = row.split(",").map((field) => field.trim());
    if (!fields[made] || !fields[real]) throw new TalkfaceError("bad-data", `${path}:${i + 2}: expected ${columns.length} fields.`);
    return { name: fields[made], made: resolve(dirname(path), fields[made]), real: resolve(dirname(path), fields[real]) };
  });
  return { pairs, alone: [] };
}

async function isFolder(path: string): Promise<boolean> {
  const status = await stat(path).catch((error: unknown) => {
    throw fromSystemError(error, path);
  });
  return status.isDirectory();
}

async function videosOf(folder: string): Promise<Map<string, string>> {
  const videos = new Map<string, string>();
  for (const path of await filesBelow(resolve(folder))) {
    if (!videoExtensions.has(extname(path).toLowerCase())) continue;
    const name = relative(resolve(folder), path).slice(0, -extname(path).length);
    if (videos.has(name)) throw new TalkfaceError("bad-data", `${join(folder, name)}: two videos have this name. Move one of them away.`);
    videos.set(name, path);
  }
  return videos;
}
