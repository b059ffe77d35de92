/**
 * How much the crops of prepared clips, and the points in them, tremble where a head keeps still: of every clip the second in which eyes and nose move least in the source,
 * where that is by less than half a crop pixel. Trembling is what is no motion: second differences over time, scaled so that white noise gives its standard deviation.
 *
 *   npm run bench -- steady --data PREPARED [--data MORE]
 */
import { parseArgs } from "node:util";
import { TalkfaceError } from "../src/base/errors.js";
import { type ClipEntry, type Dataset, openDataset } from "../src/data/dataset.js";
import { median } from "../src/metrics/face-axes.js";

const second = 25;
/** Bridge of the nose and corners of the eyes, of the 68 points: expressions leave them in place. */
const headPoints = [27, 28, 29, 30, 36, 39, 42, 45];
/** A head that moves by less, in crop pixels (root mean square), keeps still. */
const stillest = 0.5;

/** Rows of x and y by frame, in crop pixels. */
export interface Track {
  /** The corners of the crop's window in the source. */
  readonly window: readonly (readonly number[])[];
  /** The 68 points in the crop. */
  readonly points: readonly (readonly number[])[];
  /** Eyes and nose in the source. */
  readonly head: readonly (readonly number[])[];
}

export async function trackOf(dataset: Dataset, clip: ClipEntry): Promise<Track> {
  const [crop, landmarks] = await Promise.all([dataset.readArray(clip, "crop"), dataset.readArray(clip, "landmarks")]);
  const { size } = dataset.contract;
  const frames = Array.from({ length: clip.frames }, (_, t) => {
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = crop.data.subarray(6 * t, 6 * t + 6);
    const points = [...landmarks.data.subarray(136 * t, 136 * (t + 1))];
    const scale = Math.hypot(crop.data[0]!, crop.data[3]!); // source pixels in a crop pixel, one scale for all frames
    const inSource = (x: number, y: number): number[] => [(a * x + b * y + c) / scale, (d * x + e * y + f) / scale];
    return { points, window: [[0, 0], [size, 0], [0, size], [size, size]].flatMap(([x, y]) => inSource(x!, y!)), head: headPoints.flatMap((k) => inSource(points[2 * k]!, points[2 * k + 1]!)) };
  });
  return { window: frames.map(({ window }) => window), points: frames.map(({ points }) => points), head: frames.map(({ head }) => head) };
}

/** Root mean square of the distances from the mean place. */
export function spread(rows: readonly (readonly number[])[]): number {
  const width = rows[0]!.length;
  const mean = Array.from({ length: width }, (_, k) => rows.reduce((sum, row) => sum + row[k]!, 0) / rows.length);
  return Math.sqrt((2 * rows.reduce((sum, row) => sum + row.reduce((each, x, k) => each + (x - mean[k]!) ** 2, 0), 0)) / (rows.length * width));
}

/** Root mean square of what is no motion, for points [T][2 N] of three frames or more. */
export function trembling(rows: readonly (readonly number[])[]): number {
  const squares = rows.slice(1, -1).flatMap((row, t) => row.map((x, k) => (rows[t]![k]! - 2 * x + rows[t + 2]![k]!) ** 2));
  return Math.sqrt((2 * squares.reduce((sum, square) => sum + square, 0)) / squares.length / 6);
}

export async function run(args: readonly string[]): Promise<Record<string, string | number>> {
  const { values } = parseArgs({ args: [...args], options: { data: { type: "string", multiple: true } } });
  if (values.data === undefined) throw new TalkfaceError("usage", "bench steady: give --data PREPARED.");
  const dataset = await openDataset(values.data);
  try {
    const still: { readonly window: number; readonly points: number }[] = [];
    for (const clip of dataset.clips.filter(({ frames }) => frames >= second)) {
      const { window, points, head } = await trackOf(dataset, clip);
      const moved = Array.from({ length: clip.frames - second + 1 }, (_, t) => spread(head.slice(t, t + second)));
      const start = moved.indexOf(Math.min(...moved));
      if (moved[start]! >= stillest) continue;
      const [own, inside] = [window, points].map((rows) => trembling(rows.slice(start, start + second))) as [number, number];
      process.stdout.write(`${clip.id}: from frame ${start} on the head moves by ${moved[start]!.toFixed(3)} px, the window trembles by ${own.toFixed(3)}, points by ${inside.toFixed(3)}\n`);
      still.push({ window: own, points: inside });
    }
    if (still.length === 0) throw new TalkfaceError("bad-data", `${values.data.join(", ")}: no head keeps still for a second.`);
    const [windows, insides] = [still.map(({ window }) => window), still.map(({ points }) => points)];
    const most = (list: readonly number[]): string => Math.max(...list).toFixed(3);
    return { clips: dataset.clips.length, still: still.length, window_px: median(windows).toFixed(3), window_px_most: most(windows), points_px: median(insides).toFixed(3), points_px_most: most(insides) };
  } finally {
    await dataset.close();
  }
}
