/** Files: atomic writes, digests, JSON and JSON lines. */
import { constants } from "node:buffer";
import { createHash, randomUUID } from "node:crypto";
import { createReadStream, type Stats } from "node:fs";
import { access, mkdir, open, readFile, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { type ErrorCode, fromSystemError, TalkfaceError } from "./errors.js";

/** Characters that a text collects before they are written. */
const pieceLength = 1 << 18;

/** A hidden name in the same folder, so that the final rename stays on one file system. */
export function temporaryName(path: string): string {
  return join(dirname(path), `.${basename(path)}.${process.pid}.${randomUUID().slice(0, 8)}.part`);
}

/** Writes a file that is either whole or absent: temporary name, flush, rename. */
export async function writeAtomic(path: string, data: Uint8Array | string): Promise<void> {
  const temporary = temporaryName(path);
  try {
    await mkdir(dirname(path), { recursive: true });
    const handle = await open(temporary, "w");
    try {
      await handle.writeFile(data);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined); // the first failure is the one to tell
    throw fromSystemError(error, path);
  }
}

/** A text that is written piece by piece and stands at its path, whole, when it is finished. */
export class AtomicText {
  readonly #path: string;
  readonly #temporary: string;
  readonly #handle: FileHandle;
  #waiting: string[] = [];
  #length = 0;

  private constructor(path: string, temporary: string, handle: FileHandle) {
    this.#path = path;
    this.#temporary = temporary;
    this.#handle = handle;
  }

  static async create(path: string): Promise<AtomicText> {
    const temporary = temporaryName(path);
    try {
      await mkdir(dirname(path), { recursive: true });
      return new AtomicText(path, temporary, await open(temporary, "wx"));
    } catch (error) {
      throw fromSystemError(error, path);
    }
  }

  async write(text: string): Promise<void> {
    this.#waiting.push(text);
    this.#length += text.length;
    if (this.#length >= pieceLength) await this.#flush();
  }

  /** Flushes it to the disk and gives it its name. */
  async finish(): Promise<void> {
    await this.#flush();
    try {
      await this.#handle.sync();
      await this.#handle.close();
      await rename(this.#temporary, this.#path);
    } catch (error) {
      throw fromSystemError(error, this.#path);
    }
  }

  /** Leaves nothing behind where it was not finished. */
  async abort(): Promise<void> {
    await this.#handle.close().catch(() => undefined);
    await rm(this.#temporary, { force: true });
  }

  async #flush(): Promise<void> {
    const text = this.#waiting.join("");
    this.#waiting = [];
    this.#length = 0;
    try {
      await this.#handle.writeFile(text);
    } catch (error) {
      throw fromSystemError(error, this.#path);
    }
  }
}

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Throws `exists` when something stands at the path and overwriting was not asked for. */
export async function refuseOverwrite(path: string, force: boolean): Promise<void> {
  if (!force && (await exists(path))) {
    throw new TalkfaceError("exists", `${path}: exists already. Give --force to overwrite it, or another name.`);
  }
}

/** What Node reads at once. */
const mostBytes = 2 ** 31 - 1;

/**
 * Throws `code` for anything but a plain file of at most `most` bytes, `missing-file`, `io`. Reading a device or a pipe may never end, and
 * opening a pipe waits for somebody who writes.
 */
export async function requireFile(path: string, { code = "bad-data", most = Infinity }: { readonly code?: ErrorCode; readonly most?: number } = {}): Promise<Stats> {
  const found = await stat(path).catch((error: unknown) => {
    throw fromSystemError(error, path);
  });
  if (found.isDirectory()) throw new TalkfaceError(code, `${path}: is a folder, expected a file.`);
  if (!found.isFile()) throw new TalkfaceError(code, `${path}: is a device, a pipe or a socket, expected a file. Write its content to a file first.`);
  if (found.size > most) throw new TalkfaceError(code, `${path}: ${found.size} bytes, expected at most ${most}. Give a smaller file.`);
  return found;
}

/** All bytes of a plain file. Throws as `requireFile`. */
export async function readBytes(path: string, { code = "bad-data", most = mostBytes }: { readonly code?: ErrorCode; readonly most?: number } = {}): Promise<Buffer> {
  await requireFile(path, { code, most });
  return readFile(path).catch((error: unknown) => {
    throw fromSystemError(error, path);
  });
}

/** The text of a plain file. Throws as `requireFile`. */
export async function readText(path: string): Promise<string> {
  return (await readBytes(path, { most: constants.MAX_STRING_LENGTH })).toString("utf8");
}

/** Parses a JSON file; a syntax error names the file. */
export async function readJson(path: string): Promise<unknown> {
  const text = await readText(path);
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new TalkfaceError("bad-data", `${path}: not valid JSON (${(error as Error).message}).`, { cause: error });
  }
}

/** Characters of a line of JSON. A clip of ten minutes takes one million. */
const longestLine = 1 << 24;

/**
 * One value per non-empty line, with its number, counted from 1, while the file is read: its length is of no matter. A torn last line (a killed writer)
 * is left out, any other bad line is `bad-data`.
 */
export async function* eachJsonLine(path: string): AsyncGenerator<{ readonly value: unknown; readonly line: number }> {
  await requireFile(path);
  /** Of the line that is not over yet. */
  let pieces: string[] = [];
  let [length, line] = [0, 1];
  try {
    for await (const chunk of createReadStream(path, { encoding: "utf8", highWaterMark: pieceLength }) as AsyncIterable<string>) {
      const [more = "", ...rest] = chunk.split("\n");
      pieces.push(more);
      length += more.length;
      if (length > longestLine) throw new TalkfaceError("bad-data", `${path}:${line}: a line of more than ${longestLine} characters, expected JSON lines. Write the file again.`);
      for (const next of rest) {
        const text = pieces.join("");
        if (text.trim() !== "") yield { value: parseLine(text, `${path}:${line}`), line };
        line++;
        [pieces, length] = [[next], next.length];
      }
    }
  } catch (error) {
    throw fromSystemError(error, path);
  }
  const text = pieces.join("");
  if (text.trim() === "") return;
  let last: unknown;
  try {
    last = JSON.parse(text);
  } catch {
    return;
  }
  yield { value: last, line };
}

function parseLine(text: string, where: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new TalkfaceError("bad-data", `${where}: not valid JSON.`, { cause: error });
  }
}

/** All values of `eachJsonLine`. */
export async function readJsonLines(path: string): Promise<unknown[]> {
  const values: unknown[] = [];
  for await (const { value } of eachJsonLine(path)) values.push(value);
  return values;
}

export function sha256(data: Uint8Array | string): string {
  return createHash("sha256").update(data).digest("hex");
}

export async function sha256File(path: string): Promise<string> {
  const hash = createHash("sha256");
  await requireFile(path);
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  } catch (error) {
    throw fromSystemError(error, path);
  }
  return hash.digest("hex");
}
