/** Sheets to look at: a row for each kind of frames of a clip, spread over it. Pictures of people: never committed. */
import { join } from "node:path";
import { contactSheet, type Image, writePng } from "../../src/media/image.js";

const columns = 16;

/** At most sixteen frames, spread over a clip. */
export function spreadFrames(frames: readonly Image[]): Image[] {
  const count = Math.min(columns, frames.length);
  return Array.from({ length: count }, (_, i) => frames[Math.floor(((i + 0.5) * frames.length) / count)] as Image);
}

/** Writes `<clip>.png` into the folder; the rows are as long as each other. */
export async function writeSheet(folder: string, clip: string, rows: readonly (readonly Image[])[]): Promise<void> {
  await writePng(join(folder, `${clip.replace(/[^\w-]+/g, "_")}.png`), contactSheet(rows.flat(), rows[0]!.length));
}
