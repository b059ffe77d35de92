/** Sample sheets of a run: a column per frame, a row per kind of picture. */
import { join } from "node:path";
import { contactSheet, type Image, writePng } from "../media/image.js";
import type { Tensor } from "../runtime/tensor.js";

/** A sheet that was written; `file` is relative to the run's folder, `rows` names what its rows show. */
export interface SampleSheet {
  readonly file: string;
  readonly width: number;
  readonly height: number;
  readonly rows: string;
}

/** pictures: [N, H, W, 3] uint8 each, all of the same N; at most `columns` frames are drawn. Null where a phase makes no pictures. */
export async function writeSampleSheet(folder: string, step: number, pictures: Readonly<Record<string, Tensor>>, columns = 15): Promise<SampleSheet | null> {
  const rows = Object.values(pictures);
  if (rows.length === 0) return null;
  const count = Math.min(columns, rows[0]?.shape[0] ?? 0);
  const images = rows.flatMap((tensor) => Array.from({ length: count }, (_, i) => imageAt(tensor, i)));
  const file = `samples/${String(step).padStart(8, "0")}.png`;
  const sheet = contactSheet(images, count);
  await writePng(join(folder, file), sheet);
  return { file, width: sheet.width, height: sheet.height, rows: Object.keys(pictures).join(", ") };
}

function imageAt({ shape, data }: Tensor, i: number): Image {
  const [, height, width, channels] = shape as [number, number, number, number];
  const size = height * width * channels;
  return { data: (data as Uint8Array).subarray(i * size, (i + 1) * size), width, height };
}
