/** Random access to the members of a shard by the byte offsets of the manifest. */
import { open, type FileHandle } from "node:fs/promises";
import { fromSystemError, TalkfaceError } from "../base/errors.js";
import { readBytes, requireFile } from "../base/files.js";
import type { Extent } from "./shard-writer.js";

const block = 512;

export class ShardReader {
  readonly #path: string;
  #handle: Promise<FileHandle> | null = null;
  /** All bytes, where they were read at once. */
  #whole: Buffer | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  /** Reads the whole file, for those who need most of its members: reading them one by one takes several times as long. */
  async load(): Promise<void> {
    this.#whole = await readBytes(this.#path);
  }

  /**
   * Bytes of the member `name` at its place. The tar header before it is read along and compared,
   * so that a manifest that belongs to other shards is noticed: `bad-data`.
   */
  async read(name: string, { offset, size }: Extent): Promise<Uint8Array> {
    const bad = (what: string): TalkfaceError =>
      new TalkfaceError("bad-data", `${this.#path}: ${what}; the manifest and the shards do not belong together. Prepare the data again.`);
    if (offset < block) throw bad(`${name} cannot stand at byte ${offset}`);
    const bytes = this.#whole?.subarray(offset - block, offset + size) ?? (await this.#readFrom(offset - block, block + size));
    if (bytes.length < block + size) throw bad(`the file ends within ${name}`);
    const found = text(bytes, 0, 100);
    const length = parseInt(text(bytes, 124, 12), 8);
    if (text(bytes, 257, 5) !== "ustar" || found !== name || length !== size) {
      throw bad(`expected ${name} of ${size} bytes at byte ${offset}, got ${found === "" ? "no member" : `"${printable(found)}"`}`);
    }
    return bytes.subarray(block);
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = null;
    this.#whole = null;
    if (handle !== null) await (await handle).close();
  }

  /** Fewer than `length` bytes where the file ends. */
  async #readFrom(start: number, length: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(length);
    let filled = 0;
    try {
      const handle = await this.#open();
      while (filled < bytes.length) {
        const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, start + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
    } catch (error) {
      throw fromSystemError(error, this.#path);
    }
    return bytes.subarray(0, filled);
  }

  #open(): Promise<FileHandle> {
    if (this.#handle === null) {
      this.#handle = requireFile(this.#path).then(() => open(this.#path, "r"));
      this.#handle.catch(() => {
        this.#handle = null;
      });
    }
    return this.#handle;
  }
}

/** A field of a tar header up to its first zero byte. */
function text(bytes: Buffer, start: number, length: number): string {
  const field = bytes.toString("latin1", start, start + length);
  const end = field.indexOf("\0");
  return end < 0 ? field : field.slice(0, end);
}

function printable(name: string): string {
  return name.replace(/[^\x20-\x7e]/g, "?");
}
