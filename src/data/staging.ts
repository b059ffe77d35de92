/**
 * The hidden folder in which a preparation collects finished clips until all are there: one archive per clip and one record per video,
 * written when the video is through. A killed run continues with the videos that have no record.
 */
import { opendir, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { TalkfaceError } from "../base/errors.js";
import { exists, readJson, sha256, temporaryName, writeAtomic } from "../base/files.js";
import type { InputVideo } from "./inputs.js";
import { check, rejectReasons } from "./manifest.js";
import { ShardReader } from "./shard-reader.js";
import { ShardWriter, type Extent, type Member } from "./shard-writer.js";

const count = z.number().int().nonnegative();

const stagedPartSchema = z.object({
  file: z.string().regex(/^[a-f0-9]+-\d+\.tar$/),
  startFrame: count,
  frames: z.number().int().positive(),
  width: count,
  height: count,
  silent: z.boolean(),
  members: z.record(z.string(), z.object({ offset: count, size: count })),
});
export type StagedPart = z.infer<typeof stagedPartSchema>;

const dropSchema = z.object({ reason: z.enum(rejectReasons), detail: z.string(), startFrame: count.optional(), frames: count.optional() });
/** A part, or a whole video, that is no clip. */
export type Drop = z.infer<typeof dropSchema>;

const recordSchema = z.object({ parts: z.array(stagedPartSchema), drops: z.array(dropSchema), framesRead: count });
/** What became of one video. */
export type StagedVideo = z.infer<typeof recordSchema>;

/** Increased when the same video would give other clips. */
const pipelineVersion = 3;

const filesAtOnce = 64;

export class Staging {
  readonly folder: string;

  constructor(outFolder: string) {
    this.folder = join(outFolder, ".staging");
  }

  /**
   * Prepares the folder for clips made with `options`. Clips that were made with others are refused (`exists`), or removed with `force`.
   * `shared`: other processes write there now, and nothing of theirs may be touched.
   */
  async open(options: Readonly<Record<string, unknown>>, { force, shared }: { readonly force: boolean; readonly shared: boolean }): Promise<void> {
    const path = join(this.folder, "options.json");
    const wanted = JSON.stringify({ pipelineVersion, ...options });
    if (await exists(this.folder)) {
      const present = (await exists(path)) ? JSON.stringify(await readJson(path)) : "";
      if (present !== wanted) {
        if (present !== "" && (!force || shared)) {
          throw new TalkfaceError("exists", `${this.folder}: an unfinished preparation with other options stands here. Repeat its options, give --force, or another --out.`);
        }
        if (!shared) await this.remove();
      }
    }
    if (!(await exists(path))) await writeAtomic(path, wanted);
    // What a killed writer left.
    if (!shared) await this.#removeFiles((name) => name.endsWith(".part"));
  }

  async remove(): Promise<void> {
    if (await exists(this.folder)) await this.#removeFiles(() => true);
    await rm(this.folder, { recursive: true, force: true });
  }

  /** A few at a time: `rm` would begin with all of a million at once, and each takes kilobytes. */
  async #removeFiles(test: (name: string) => boolean): Promise<void> {
    let names: string[] = [];
    const flush = async (): Promise<void> => {
      await Promise.all(names.map((name) => rm(join(this.folder, name), { force: true })));
      names = [];
    };
    for await (const entry of await opendir(this.folder)) {
      if (entry.isDirectory() || !test(entry.name)) continue;
      names.push(entry.name);
      if (names.length === filesAtOnce) await flush();
    }
    await flush();
  }

  /** The record of a video, null when it is not through. */
  async read(id: string): Promise<StagedVideo | null> {
    const path = this.#recordPath(id);
    try {
      return check(recordSchema, await readJson(path), path);
    } catch (error) {
      if (error instanceof TalkfaceError && error.code === "missing-file") return null;
      throw error;
    }
  }

  /** Part `index` of a video that is through. */
  async part(id: string, index: number): Promise<StagedPart> {
    const part = (await this.read(id))?.parts[index];
    if (part === undefined) throw new TalkfaceError("bad-data", `${this.#recordPath(id)}: has no part ${index} any more. Give --force to start anew.`);
    return part;
  }

  async write(id: string, record: StagedVideo): Promise<void> {
    await writeAtomic(this.#recordPath(id), JSON.stringify(record));
  }

  /** A path for what is needed only while a video is read. */
  scratch(id: string): string {
    return temporaryName(join(this.folder, id));
  }

  /** Writes the archive of part `index` of a video; members are named by their extension alone. */
  async writePart(id: string, index: number, members: readonly Member[]): Promise<{ file: string; members: Record<string, Extent> }> {
    const file = `${id}-${index}.tar`;
    const writer = await ShardWriter.create(join(this.folder, file));
    const extents: Record<string, Extent> = {};
    try {
      for (const member of members) extents[member.name] = await writer.add(member);
    } catch (error) {
      await writer.abort();
      throw error;
    }
    await writer.finish();
    return { file, members: extents };
  }

  /** Reads some members of a part, or (`whole`) most of them, with the file open only meanwhile. */
  async readPart<T>(part: StagedPart, use: (read: (name: string) => Promise<Uint8Array>) => Promise<T>, { whole = false } = {}): Promise<T> {
    const reader = new ShardReader(join(this.folder, part.file));
    try {
      if (whole) await reader.load();
      return await use(async (name) => {
        const extent = part.members[name];
        if (extent === undefined) throw new TalkfaceError("bad-data", `${join(this.folder, part.file)}: has no ${name}. Give --force to start anew.`);
        return reader.read(name, extent);
      });
    } finally {
      await reader.close();
    }
  }

  #recordPath(id: string): string {
    return join(this.folder, `${id}.json`);
  }
}

/** Names a video by its place, size and time of change, so that a changed file is prepared again. Made whenever it is needed: half a million are not held. */
export function stagingIdOf({ path, bytes, changedMs, wavPath }: Pick<InputVideo, "path" | "bytes" | "changedMs" | "wavPath">): string {
  return sha256(JSON.stringify([path, bytes, Math.round(changedMs), wavPath])).slice(0, 16);
}
