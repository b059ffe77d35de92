/** safetensors (huggingface/safetensors, format of 2022): 8-byte header length, JSON header, raw little-endian tensors. float32 and plain metadata only. */
import { z } from "zod";
import { TalkfaceError } from "../base/errors.js";

export interface SafeTensors {
  readonly tensors: ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: Float32Array }>;
  readonly metadata: Readonly<Record<string, string>>;
}

const maximumHeader = 16 * 1024 * 1024;

const headerSchema = z.record(
  z.string(),
  z.union([
    z.object({ dtype: z.literal("F32"), shape: z.array(z.number().int().nonnegative()), data_offsets: z.tuple([z.number().int().nonnegative(), z.number().int().nonnegative()]) }),
    z.record(z.string(), z.string()),
  ]),
);

export function encodeSafeTensors({ tensors, metadata }: SafeTensors): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  for (const [name, { shape, data }] of tensors) {
    header[name] = { dtype: "F32", shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  let text = JSON.stringify(header);
  text += " ".repeat((8 - (Buffer.byteLength(text) % 8)) % 8); // tensors start on an 8-byte boundary
  const headerBytes = Buffer.from(text, "utf8");
  const out = Buffer.alloc(8 + headerBytes.length + offset);
  out.writeBigUInt64LE(BigInt(headerBytes.length), 0);
  headerBytes.copy(out, 8);
  let at = 8 + headerBytes.length;
  for (const { data } of tensors.values()) {
    out.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return out;
}

/** Throws `bad-data` with the file's name when anything is out of place. */
export function decodeSafeTensors(bytes: Uint8Array, where: string): SafeTensors {
  const fail = (what: string): never => {
    throw new TalkfaceError("bad-data", `${where}: not a usable safetensors file (${what}). It may be truncated; use another checkpoint.`);
  };
  if (bytes.length < 8) fail(`${bytes.length} bytes`);
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = Number(view.readBigUInt64LE(0));
  if (length > maximumHeader || 8 + length > bytes.length) fail(`header of ${length} bytes in a file of ${bytes.length}`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(view.toString("utf8", 8, 8 + length));
  } catch {
    fail("header is no JSON");
  }
  const header = headerSchema.safeParse(parsed);
  if (!header.success) return fail("header has an unexpected form");
  const tensors = new Map<string, { shape: readonly number[]; data: Float32Array }>();
  let metadata: Record<string, string> = {};
  for (const [name, entry] of Object.entries(header.data)) {
    if (name === "__metadata__") {
      metadata = entry as Record<string, string>;
      continue;
    }
    const { shape, data_offsets: offsets } = entry as { shape: number[]; data_offsets: [number, number] };
    const size = shape.reduce((a, b) => a * b, 1) * 4;
    if (!Array.isArray(offsets) || offsets[1] - offsets[0] !== size || 8 + length + offsets[1] > bytes.length) fail(`tensor ${name} lies outside the file`);
    const data = new Float32Array(size / 4);
    new Uint8Array(data.buffer).set(bytes.subarray(8 + length + offsets[0], 8 + length + offsets[1]));
    tensors.set(name, { shape, data });
  }
  return { tensors, metadata };
}
