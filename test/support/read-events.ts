/** TensorBoard's event files read without the code that writes them: TFRecords with their sums checked bit by bit, protobuf by its wire format. */
import { readFileSync } from "node:fs";

export interface ReadEvent {
  readonly wallTime: number;
  readonly step: number;
  readonly fileVersion: string | null;
  readonly sessionStatus: number | null;
  readonly scalars: Readonly<Record<string, number>>;
  readonly images: Readonly<Record<string, { readonly width: number; readonly height: number; readonly colorspace: number; readonly bytes: Buffer }>>;
}

/** The remainder of CRC-32C by long division, bit by bit, masked as tensorflow/core/lib/hash/crc32c.h says. */
function maskedSum(bytes: Uint8Array): number {
  let remainder = 0xffffffffn;
  for (const byte of bytes) {
    remainder ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) remainder = remainder & 1n ? (remainder >> 1n) ^ 0x82f63b78n : remainder >> 1n;
  }
  const crc = remainder ^ 0xffffffffn;
  return Number((((crc >> 15n) | (crc << 17n)) + 0xa282ead8n) & 0xffffffffn);
}

type Field = number | Buffer;

/** Fields of a message by number: varints as numbers, fixed ones and what has a length as bytes. */
function fieldsOf(bytes: Buffer): Map<number, Field[]> {
  const fields = new Map<number, Field[]>();
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes.readUInt8(at++);
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const kind = key & 7;
    const length = { 0: 0, 1: 8, 2: -1, 5: 4 }[kind];
    if (length === undefined) throw new Error(`wire type ${kind}`);
    let value: Field;
    if (kind === 0) value = varint();
    else {
      const size = kind === 2 ? varint() : length;
      if (at + size > bytes.length) throw new Error("a field reaches over its message");
      value = bytes.subarray(at, (at += size));
    }
    fields.set(key >> 3, [...(fields.get(key >> 3) ?? []), value]);
  }
  return fields;
}

function eventOf(bytes: Buffer): ReadEvent {
  const event = fieldsOf(bytes);
  const scalars: Record<string, number> = {};
  const images: Record<string, ReadEvent["images"][string]> = {};
  for (const summary of event.get(5) ?? []) {
    for (const each of fieldsOf(summary as Buffer).get(1) ?? []) {
      const value = fieldsOf(each as Buffer);
      const tag = (value.get(1)![0] as Buffer).toString("utf8");
      if (value.has(2)) scalars[tag] = (value.get(2)![0] as Buffer).readFloatLE();
      if (value.has(4)) {
        const image = fieldsOf(value.get(4)![0] as Buffer);
        images[tag] = { height: image.get(1)![0] as number, width: image.get(2)![0] as number, colorspace: image.get(3)![0] as number, bytes: image.get(4)![0] as Buffer };
      }
    }
  }
  const session = event.get(7)?.[0];
  return {
    wallTime: (event.get(1)![0] as Buffer).readDoubleLE(),
    step: (event.get(2)?.[0] as number | undefined) ?? 0,
    fileVersion: (event.get(3)?.[0] as Buffer | undefined)?.toString("utf8") ?? null,
    sessionStatus: session === undefined ? null : (fieldsOf(session as Buffer).get(1)![0] as number),
    scalars,
    images,
  };
}

/** Every event of a file; throws where a sum does not fit or the file ends within a record. */
export function readEvents(path: string): ReadEvent[] {
  const file = readFileSync(path);
  const events: ReadEvent[] = [];
  for (let at = 0; at < file.length; ) {
    const length = Number(file.readBigUInt64LE(at));
    const body = file.subarray(at + 12, at + 12 + length);
    if (file.readUInt32LE(at + 8) !== maskedSum(file.subarray(at, at + 8)) || file.readUInt32LE(at + 12 + length) !== maskedSum(body)) throw new Error(`${path}: a sum does not fit at byte ${at}`);
    events.push(eventOf(body));
    at += length + 16;
  }
  return events;
}
