/**
 * WebDataset shards: plain ustar archives whose members are named `<key>.<ext>`, all members of one clip in a row.
 * Headers are constant (time 0, owner 0, mode 644), so that the same clips make the same bytes.
 */
import { createHash } from "node:crypto";
import { mkdir, open, rename, rm, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { pack, type Pack } from "tar-stream";
import { fromSystemError, TalkfaceError } from "../base/errors.js";
import { temporaryName } from "../base/files.js";

export interface Member {
  /** `<key>.<ext>`, ASCII, at most 100 characters. */
  readonly name: string;
  readonly data: Uint8Array;
}

/** Where the bytes of a member stand within its shard. */
export interface Extent {
  readonly offset: number;
  readonly size: number;
}

const block = 512;
const longestName = 100;
/** Headers, small members and padding are collected to pieces of this size: written one by one they took as long as all else of a clip. */
const pieceBytes = 1 << 18;

/** Bytes that members take in an archive, without its end mark. */
export function archiveBytes(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + block + Math.ceil(size / block) * block, 0);
}

/** Bytes of the end mark. */
export const endBytes = 2 * block;

export class ShardWriter {
  readonly #path: string;
  readonly #temporary: string;
  readonly #handle: FileHandle;
  readonly #pack: Pack;
  readonly #drained: Promise<void>;
  readonly #hash = createHash("sha256");
  #position = 0;
  #failure: unknown = null;
  /** Ends the wait of `add` where what is before it cannot be written. */
  #onFailure: (error: unknown) => void = () => undefined;

  private constructor(path: string, temporary: string, handle: FileHandle) {
    this.#path = path;
    this.#temporary = temporary;
    this.#handle = handle;
    this.#pack = pack();
    this.#drained = this.#drain();
    this.#drained.catch(() => undefined); // reported by `add` and `finish`
  }

  /** Opens a shard under a hidden name; `finish` gives it its own. */
  static async create(path: string): Promise<ShardWriter> {
    const temporary = temporaryName(path);
    try {
      await mkdir(dirname(path), { recursive: true });
      return new ShardWriter(path, temporary, await open(temporary, "wx"));
    } catch (error) {
      throw fromSystemError(error, path);
    }
  }

  /** Bytes written so far, without the end mark. */
  get position(): number {
    return this.#position;
  }

  /** Appends a member and says where its bytes stand. */
  async add({ name, data }: Member): Promise<Extent> {
    if (!/^[\x21-\x7e]+$/.test(name) || name.length > longestName) {
      throw new TalkfaceError("internal", `${this.#path}: "${name}" cannot be a member's name.`);
    }
    const extent = { offset: this.#position + block, size: data.length };
    const header = { name, size: data.length, mode: 0o644, uid: 0, gid: 0, mtime: new Date(0), type: "file" as const };
    if (this.#failure !== null) throw this.#failure;
    const written = new Promise<void>((resolve, reject) => {
      // not a race with `#drained`: every race would stay in memory until the shard is finished
      this.#onFailure = reject;
      const entry = this.#pack.entry(header, (error) => (error ? reject(error) : resolve()));
      entry.on("error", reject);
      entry.end(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
    });
    try {
      await written;
    } catch (error) {
      throw this.#failure ?? error; // that the disk is full says more than that the entry is destroyed
    }
    this.#position += archiveBytes([data.length]);
    return extent;
  }

  /** Ends the archive, flushes it to the disk and gives it its name; returns the SHA-256 of its bytes. */
  async finish(): Promise<string> {
    try {
      if (this.#failure !== null) throw this.#failure;
      this.#pack.finalize();
      await this.#drained;
      await this.#handle.sync();
      await this.#handle.close();
      await rename(this.#temporary, this.#path);
      return this.#hash.digest("hex");
    } catch (error) {
      await this.abort();
      throw fromSystemError(error, this.#path);
    }
  }

  /** Leaves nothing behind. */
  async abort(): Promise<void> {
    this.#pack.destroy();
    await this.#drained.catch(() => undefined);
    await this.#handle.close().catch(() => undefined);
    await rm(this.#temporary, { force: true });
  }

  async #drain(): Promise<void> {
    let chunks: Uint8Array[] = [];
    let bytes = 0;
    const flush = async (): Promise<void> => {
      const piece = Buffer.concat(chunks);
      [chunks, bytes] = [[], 0];
      this.#hash.update(piece);
      try {
        await this.#handle.writeFile(piece);
      } catch (error) {
        // before the loop is left, which destroys the archive and fails its entries with less to say
        this.#failure = fromSystemError(error, this.#path);
        this.#onFailure(this.#failure);
        throw this.#failure;
      }
    };
    try {
      for await (const chunk of this.#pack as AsyncIterable<Uint8Array>) {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes >= pieceBytes) await flush();
      }
      await flush();
    } catch (error) {
      this.#failure ??= fromSystemError(error, this.#path);
      this.#pack.destroy();
      throw this.#failure;
    }
  }
}
