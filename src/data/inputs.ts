/** Which videos a command line names, and who is seen in them. */
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, extname, join, relative, resolve, sep } from "node:path";
import { z } from "zod";
import { fromSystemError, TalkfaceError } from "../base/errors.js";
import { exists, readJson, sha256 } from "../base/files.js";
import { type List, PackedList } from "../base/packed-list.js";
import { check, splits, type Reject, type Split, type Word } from "./manifest.js";

export interface InputVideo {
  readonly path: string;
  /** Sound beside a video: a .wav of the same name, or the file that a corpus has for it. */
  readonly wavPath: string | null;
  /** That sound is better than what the video itself may have. */
  readonly prefersWav?: boolean;
  /** What the manifest says: the path from the folder that was given, with forward slashes. */
  readonly source: string;
  /** Begins the keys of its clips; unique in the run. */
  readonly stem: string;
  readonly person: string;
  readonly split: Split;
  readonly labels: Readonly<Record<string, string | number | boolean>>;
  readonly licence: string | null;
  /** What is said, in seconds of the source. */
  readonly words?: readonly Word[];
  readonly bytes: number;
  /** Time of the last change, milliseconds. */
  readonly changedMs: number;
}

/** How many there are of something, against how many a complete copy has. */
export interface ExpectedCount {
  readonly what: string;
  readonly found: number;
  readonly expected: number;
  /** Why there are fewer in every copy, where that is known. */
  readonly known?: string;
}

/** An array, or a packed list of half a million. */
export type InputVideos = List<InputVideo> & Iterable<InputVideo>;

/** What is to be prepared. */
export interface InputList {
  readonly inputs: InputVideos;
  /** What was dropped without looking inside. */
  readonly rejects: readonly Reject[];
  readonly expected: readonly ExpectedCount[];
}

export const videoExtensions: ReadonlySet<string> = new Set(
  [".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".wmv", ".flv", ".3gp", ".ts", ".mts", ".ogv"],
);

/** What a people file may say of a video. */
const personSchema = z.object({
  person: z.string().min(1),
  split: z.enum(splits).optional(),
  licence: z.string().optional(),
  labels: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
});
type Person = z.infer<typeof personSchema>;

const peopleSchema = z.union([
  z.array(z.looseObject({ path: z.string() })),
  z.record(z.string(), z.union([z.string().min(1), personSchema])),
]);

/**
 * Finds the videos: files as given, folders searched recursively by extension (hidden ones left out), in a fixed order.
 * `peopleFile`: a map from path or name to a person (text, or { person, split, licence, labels }), or a list of such rows with `path`;
 * paths count from the people file's folder. Who is not in it is called as the file, 9 of 10 names being `train`.
 */
export async function findInputs(paths: readonly string[], peopleFile: string | null): Promise<InputList> {
  const people = peopleFile === null ? new Map<string, Person>() : await readPeople(peopleFile);
  const found = new Map<string, { source: string; bytes: number; changedMs: number }>();
  for (const path of paths) {
    const full = resolve(path);
    const status = await stat(full).catch((error: unknown) => {
      throw fromSystemError(error, path);
    });
    if (!status.isDirectory()) {
      found.set(full, found.get(full) ?? { source: basename(full), bytes: status.size, changedMs: status.mtimeMs });
      continue;
    }
    for await (const file of eachFileBelow(full)) {
      if (!videoExtensions.has(extname(file).toLowerCase())) continue;
      const source = join(basename(full), relative(full, file)).split(sep).join("/");
      // gone since it was listed, or of a name that is not UTF-8: it stands in the rejects when it is read
      const { size, mtimeMs } = await stat(file).catch(() => ({ size: 0, mtimeMs: 0 }));
      found.set(file, { source, bytes: size, changedMs: mtimeMs });
    }
  }
  if (found.size === 0) {
    throw new TalkfaceError("missing-file", `${paths.join(", ")}: no video found. Videos end in ${[...videoExtensions].join(", ")}.`);
  }
  const inputs = new PackedList<InputVideo>();
  const listed = [...found].map(([path, file]) => ({ path, ...file })).sort((a, b) => (a.path < b.path ? -1 : 1));
  for (const { path, source, stem, bytes, changedMs } of withStems(listed)) {
    const name = basename(path, extname(path));
    const about = people.get(path) ?? people.get(basename(path)) ?? people.get(name);
    const person = about?.person ?? name;
    const beside = join(dirname(path), `${name}.wav`);
    inputs.push({
      path,
      wavPath: (await exists(beside)) ? beside : null,
      source,
      stem,
      person,
      split: about?.split ?? splitOf(person),
      labels: about?.labels ?? {},
      licence: about?.licence ?? null,
      bytes,
      changedMs,
    });
  }
  return { inputs, rejects: [], expected: [] };
}

/** The same videos as one person's, all for training. */
export function ofOnePerson(list: InputList, person: string): InputList {
  return { ...list, inputs: new PackedList(ofPerson(list.inputs, person)) };
}

/** One person in ten is `val`, by the name alone, so that more data of a person lands in the same split. */
export function splitOf(person: string): Split {
  return parseInt(sha256(person).slice(0, 8), 16) % 10 === 0 ? "val" : "train";
}

async function readPeople(path: string): Promise<Map<string, Person>> {
  const value = check(peopleSchema, await readJson(path), path);
  const folder = dirname(resolve(path));
  const people = new Map<string, Person>();
  const add = (name: string, person: Person): void => {
    people.set(resolve(folder, name), person);
    people.set(name, person);
  };
  if (Array.isArray(value)) {
    value.forEach((row, i) => {
      // Lists describe more than videos: rows without a person are somebody else's business.
      if (row["person"] === undefined || row["person"] === null || row["person"] === "") return;
      add(row.path, check(personSchema, { ...row, split: row["split"] ?? undefined }, `${path}: row ${i + 1} (${row.path})`));
    });
  } else {
    for (const [name, person] of Object.entries(value)) add(name, typeof person === "string" ? { person } : person);
  }
  return people;
}

function* ofPerson(inputs: Iterable<InputVideo>, person: string): Generator<InputVideo> {
  for (const input of inputs) yield { ...input, person, split: "train" };
}

/** All files below a folder in a fixed order, hidden ones left out. */
export async function* eachFileBelow(folder: string): AsyncGenerator<string> {
  let entries;
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (error) {
    throw fromSystemError(error, folder);
  }
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith(".")) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* eachFileBelow(path);
    else if (entry.isFile() || (entry.isSymbolicLink() && (await stat(path).catch(() => null))?.isFile() === true)) yield path;
  }
}

/** All of `eachFileBelow`. */
export async function filesBelow(folder: string): Promise<string[]> {
  const files: string[] = [];
  for await (const file of eachFileBelow(folder)) files.push(file);
  return files;
}

/** Gives every input a stem of its own: where two sources would share one, a digest of the path tells them apart. The items are gone through twice. */
export function* withStems<T extends { readonly path: string; readonly source: string }>(items: Iterable<T>): Generator<T & { readonly stem: string }> {
  const seen = new Set<string>();
  const shared = new Set<string>();
  for (const { source } of items) {
    const stem = keyStem(source);
    if (seen.has(stem)) shared.add(stem);
    seen.add(stem);
  }
  for (const item of items) {
    const stem = keyStem(item.source);
    yield { ...item, stem: shared.has(stem) ? `${stem}_${sha256(item.path).slice(0, 6)}` : stem };
  }
}

/** A name for keys: letters, digits, - and _ only (a dot would end a WebDataset key), at most 70 characters. */
function keyStem(source: string): string {
  const plain = source.replace(/\.[^./]*$/, "").replace(/[^A-Za-z0-9_-]+/g, "_");
  return plain.length <= 70 ? plain : `${plain.slice(0, 61)}_${sha256(source).slice(0, 8)}`;
}
