/** What a corpus is to the rest: a walk over its published layout that gives videos with their labels, and what is known to be wrong with it. */
import { existsSync, readFileSync } from "node:fs";
import { open, stat } from "node:fs/promises";
import { basename, extname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { fromSystemError, TalkfaceError } from "../../base/errors.js";
import { PackedList } from "../../base/packed-list.js";
import { type ExpectedCount, eachFileBelow, type InputList, type InputVideo, withStems } from "../inputs.js";
import { check, type Reject, type Split } from "../manifest.js";

export interface Corpus {
  /** The command is `prep-NAME`. */
  readonly name: string;
  readonly title: string;
  /** Named splits, the default first. */
  readonly splits: readonly string[];
  /** Reads a folder in the published layout; nothing is decoded. */
  readonly find: (root: string, options: FindOptions) => Promise<InputList>;
}

export interface FindOptions {
  readonly splits: string;
  /** Clips that are known to be bad are tried all the same. */
  readonly keepKnownBad: boolean;
}

const factsSchema = z.object({
  licence: z.string(),
  /** Split lists by name, each with its source. Who is in no list is `train`. */
  splits: z.record(z.string(), z.object({ source: z.string(), val: z.array(z.string()).default([]), test: z.array(z.string()).default([]) })),
  /** By clip: what is wrong with it. */
  knownBad: z.record(z.string(), z.string()).default({}),
  /** Clips that others left out: they are tried, and get the label `doubtful`. */
  doubtful: z.array(z.string()).default([]),
  /** Clips of a complete copy, by what they are counted by. */
  expected: z.record(z.string(), z.number()),
  /** Why something is missing in every copy, by the words that its name holds. */
  knownGaps: z.record(z.string(), z.string()).default({}),
});

export type CorpusFacts = z.infer<typeof factsSchema>;

/** `datasets/NAME/corpus.json`. */
export function readFacts(name: string): CorpusFacts {
  const path = fileURLToPath(new URL(`../../../datasets/${name}/corpus.json`, import.meta.url));
  if (!existsSync(path)) throw new TalkfaceError("missing-file", `${path}: missing; it belongs to talkface. Install it again.`);
  return check(factsSchema, JSON.parse(readFileSync(path, "utf8")) as unknown, path);
}

/** The split of a person by a named list; `bad-usage` where there is no such list. */
export function splitByPerson(facts: CorpusFacts, name: string): (person: string) => Split {
  const list = facts.splits[name];
  if (list === undefined) throw new TalkfaceError("usage", `--splits ${name}: expected ${Object.keys(facts.splits).join(", ")}.`);
  const [val, test] = [new Set(list.val), new Set(list.test)];
  return (person) => (test.has(person) ? "test" : val.has(person) ? "val" : "train");
}

/** A file of a corpus: where it is, and its path from the root as parts. */
export interface CorpusFile {
  readonly path: string;
  readonly parts: readonly string[];
  /** Without extension. */
  readonly name: string;
  /** With its dot, in lower case. */
  readonly extension: string;
}

/** All files of a corpus; folders that archives leave behind on other systems are no part of it. */
export async function* walk(root: string): AsyncGenerator<CorpusFile> {
  const full = resolve(root);
  const status = await stat(full).catch((error: unknown) => {
    throw fromSystemError(error, root);
  });
  if (!status.isDirectory()) throw new TalkfaceError("missing-file", `${root}: is no folder. Give the root of the corpus.`);
  for await (const path of eachFileBelow(full)) {
    const parts = relative(full, path).split(sep);
    if (!parts.includes("__MACOSX")) yield { path, parts, name: basename(path, extname(path)), extension: extname(path).toLowerCase() };
  }
}

/** All files of `walk`, where what belongs together lies apart. */
export async function walkAll(root: string): Promise<CorpusFile[]> {
  const files: CorpusFile[] = [];
  for await (const file of walk(root)) files.push(file);
  return files;
}

export type Found = Omit<InputVideo, "stem" | "bytes" | "changedMs" | "source" | "licence">;

/** Collects what a walk finds: clips, and those that are dropped without looking inside. */
export class Finding {
  readonly #root: string;
  readonly #facts: CorpusFacts;
  readonly #options: FindOptions;
  readonly #found = new PackedList<Omit<InputVideo, "stem">>();
  readonly #rejects: Reject[] = [];
  readonly #doubtful: ReadonlySet<string>;

  constructor(root: string, facts: CorpusFacts, options: FindOptions) {
    this.#root = resolve(root);
    this.#facts = facts;
    this.#options = options;
    this.#doubtful = new Set(facts.doubtful);
  }

  reject(path: string, reason: Reject["reason"], detail: string): void {
    this.#rejects.push({ path: this.#sourceOf(path), reason, detail });
  }

  /** Takes a clip, unless `key` stands among those that are known to be bad or one of its files is a pointer. */
  async add(key: string, clip: Found): Promise<void> {
    const bad = this.#facts.knownBad[key];
    if (bad !== undefined && !this.#options.keepKnownBad) return this.reject(clip.path, "known-bad", bad);
    for (const path of [clip.path, ...(clip.wavPath === null ? [] : [clip.wavPath])]) {
      const pointer = await isPointer(path).catch(() => null);
      if (pointer === null) return this.reject(clip.path, "unreadable", `${basename(path)} is listed and cannot be opened: it is gone, may not be read, or its name is not UTF-8`);
      if (pointer) return this.reject(clip.path, "lfs-pointer", `${basename(path)} is a Git LFS pointer, not the file itself: run git lfs pull in the corpus`);
    }
    const { size, mtimeMs } = await stat(clip.path);
    const labels = this.#doubtful.has(key) ? { ...clip.labels, doubtful: true } : clip.labels;
    this.#found.push({ ...clip, labels, source: this.#sourceOf(clip.path), licence: this.#facts.licence, bytes: size, changedMs: mtimeMs });
  }

  /** The list, with how much there is against a complete copy: `countBy` names what a clip counts for, and where several count once, what as. */
  list(countBy: (clip: Found) => readonly [what: string, as: string]): InputList {
    if (this.#found.length === 0 && this.#rejects.length === 0) {
      throw new TalkfaceError("missing-file", `${this.#root}: no clip of the published layout was found. datasets/ shows the tree that is expected.`);
    }
    const seen = new Map<string, Set<string>>();
    for (const clip of this.#found) {
      const [what, as] = countBy(clip);
      (seen.get(what) ?? seen.set(what, new Set()).get(what)!).add(as);
    }
    const expected = Object.entries(this.#facts.expected).map(([what, n]): ExpectedCount => ({ what, found: seen.get(what)?.size ?? 0, expected: n }));
    return { inputs: new PackedList(withStems(this.#found)), rejects: this.#rejects, expected };
  }

  #sourceOf(path: string): string {
    return join(basename(this.#root), relative(this.#root, path)).split(sep).join("/");
  }
}

const pointerStart = "version https://git-lfs";

/** Whether a file is what Git LFS leaves in place of a large one. */
async function isPointer(path: string): Promise<boolean> {
  const { size } = await stat(path);
  if (size > 1024) return false;
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(pointerStart.length), 0, pointerStart.length, 0);
    return buffer.toString("utf8", 0, bytesRead) === pointerStart;
  } finally {
    await file.close();
  }
}
