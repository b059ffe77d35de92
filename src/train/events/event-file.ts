/** A run as TensorBoard reads it: a journal's figures and sample sheets in an event file beside it; each start of the run begins a file of its own. */
import { appendFile, mkdir, readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { fromSystemError } from "../../base/errors.js";
import { figuresOf, type JournalEntry, type JournalListener } from "../journal.js";
import { maskedCrc32c } from "./crc32c.js";
import { encodeEvent, type EventMessage, type SummaryValue } from "./schema.js";

const start = 1;
const rgb = 3;

export class EventFile implements JournalListener {
  readonly name = "event file of TensorBoard";
  readonly #folder: string;
  readonly #path: string;
  #begun = false;

  /** Nothing is written before the first entry. */
  constructor(folder: string, started = Date.now()) {
    this.#folder = folder;
    this.#path = join(folder, `events.out.tfevents.${Math.floor(started / 1000)}.${hostname()}.${process.pid}`);
  }

  async take(entry: JournalEntry): Promise<void> {
    const wallTime = Date.now() / 1000;
    const events: EventMessage[] = [];
    if (!this.#begun) events.push({ wallTime, fileVersion: "brain.Event:2" });
    this.#begun = true;
    if (entry.kind === "resumed") events.push({ wallTime, step: entry.step + 1, sessionLog: { status: start } });
    const value = await this.#valuesOf(entry);
    if (value.length > 0) events.push({ wallTime, step: entry.step, summary: { value } });
    if (events.length === 0) return;
    try {
      await mkdir(this.#folder, { recursive: true });
      await appendFile(this.#path, Buffer.concat(events.map((event) => record(encodeEvent(event)))));
    } catch (error) {
      throw fromSystemError(error, this.#path);
    }
  }

  async #valuesOf(entry: JournalEntry): Promise<SummaryValue[]> {
    if (entry.kind === "samples") {
      const { file, width, height } = entry;
      const encodedImageString = await readFile(join(this.#folder, String(file)));
      return [{ tag: `samples/${entry.phase}`, image: { height: Number(height), width: Number(width), colorspace: rgb, encodedImageString } }];
    }
    if (entry.kind !== "train" && entry.kind !== "validation") return [];
    const { figures, course } = figuresOf(entry);
    return [
      ...Object.entries(figures).map(([figure, simpleValue]) => ({ tag: `${figure}/${entry.kind}`, simpleValue })),
      ...Object.entries(course).map(([figure, simpleValue]) => ({ tag: `course/${figure}`, simpleValue })),
    ];
  }
}

/** A TFRecord: length as uint64, its masked sum, the bytes, their masked sum; little-endian. */
function record(bytes: Uint8Array): Uint8Array {
  const out = Buffer.alloc(bytes.length + 16);
  out.writeBigUInt64LE(BigInt(bytes.length), 0);
  out.writeUInt32LE(maskedCrc32c(out.subarray(0, 8)), 8);
  out.set(bytes, 12);
  out.writeUInt32LE(maskedCrc32c(bytes), 12 + bytes.length);
  return out;
}
