/** Metrics of faces, movement and flicker, each through its scorer, against NumPy, SciPy and Pillow (support/series_scipy.py). */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { metricsOf } from "../../src/eval/registry.js";
import { stablePoints } from "../../src/face/pose.js";
import type { Image } from "../../src/media/image.js";
import { type Finished, type FramePair, type Scores, Tools } from "../../src/metrics/metric.js";

const golden = JSON.parse(readFileSync(new URL("golden/series.json", import.meta.url), "utf8")) as {
  /** With a face in both videos. */
  readonly frames: number;
  readonly faces: Readonly<Record<string, number>>;
  /** Blinks of two clips: their counts, made and real, and the rates of both together. */
  readonly pooled: { readonly counts: readonly (readonly [number, number])[]; readonly blinks: number; readonly "blinks-real": number };
  readonly flicker: Readonly<Record<string, number>>;
};

// Meshes and pictures as in the Python script.
const frames = 150;
const lids = [[160, 144, -3.6], [158, 153, -2.7], [385, 380, 2.7], [387, 373, 3.6]] as const;
const brows = [70, 63, 105, 66, 107, 336, 296, 334, 293, 300];
const shut = [[[10, 13], [20, 20], [30, 31], [33, 34], [70, 97], [110, 113]], [[5, 6], [50, 51], [54, 55], [100, 124], [140, 142]]] as const;
const lost = [[12, 36, 37, 130], [0, 60, 61, 62]] as const;
type Side = 0 | 1;

const wave = (k: number): number => {
  const x = k * 0.6180339887498949;
  return (x - Math.floor(x)) * 2 - 1;
};

/** [478,3] in pixels. */
function mesh(t: number, side: Side): Float32Array {
  const trembling = (i: number, axis: number): number => wave(31 * i + 17 * t + 5 * side + 7 * axis + 1);
  const places = Array.from({ length: 478 }, (_, i) => [7 * wave(i + 1), 8 * wave(3 * i + 2), 5 * wave(7 * i + 5)].map((value, axis) => value + 0.2 * trembling(i, axis)));
  for (const [vertex, place] of stablePoints) places[vertex] = place.map((value, axis) => value + 0.15 * trembling(vertex, axis));
  const opening = shut[side].some(([first, last]) => first <= t && t <= last) ? 0.2 : 0.9 + 0.15 * Math.sin(0.37 * t + side);
  for (const [upper, lower, x] of lids) {
    places[upper] = [x, 2.6 + opening / 2, 3.5];
    places[lower] = [x, 2.6 - opening / 2, 3.5];
  }
  brows.forEach((vertex, n) => (places[vertex] = [n - 4.5, 4 + 0.3 * Math.sin(0.21 * t + 0.5 * side) + 0.05 * trembling(vertex, 1), 4.5]));
  const [yaw, pitch, roll] = [0.3 * Math.sin(0.11 * t + 0.2 * side), 0.2 * Math.sin(0.07 * t - 0.3 * side), 0.25 * Math.sin(0.05 * t + 0.4 * side)];
  const scale = 20 + Math.sin(0.13 * t + side);
  const turned = (a: number, b: number, angle: number): [number, number] => [a * Math.cos(angle) - b * Math.sin(angle), a * Math.sin(angle) + b * Math.cos(angle)];
  return Float32Array.from(places.flatMap(([x, y, z]) => {
    const [y1, z1] = turned(y!, z!, pitch);
    const [z2, x2] = turned(z1, x!, yaw);
    const [x3, y3] = turned(x2, y1, roll);
    return [200 + scale * x3, 150 - scale * y3, -scale * z2];
  }));
}

/** A slanted ramp with noise, and a stripe that moves. */
function picture(t: number, side: Side): Image {
  const [width, height] = [44, 27];
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const [c, x, y] = [i % 3, Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    const noise = side === 0 ? (5 * x + 3 * y + 11 * c + 4 * t) % 7 : (3 * x * y + 5 * c + x * t) % 4;
    return 40 + 2 * x + 3 * y + 9 * c + noise + (Math.abs(x - 12 - 2 * t) < 4 && y < 14 ? 60 : 0);
  });
  return { data, width, height };
}

const none: Image = { data: new Uint8Array(3), width: 1, height: 1 };
const faces = Array.from({ length: frames }, (_, t): FramePair => {
  const frame = (side: Side): FramePair["made"] => ({ image: none, mesh: (lost[side] as readonly number[]).includes(t) ? null : mesh(t, side) });
  return { made: frame(0), real: frame(1), shown: false };
});

/** What a metric makes of pairs; the real video has four frames less than the made one. */
async function finished(name: string, pairs: readonly FramePair[]): Promise<Finished> {
  const scorer = await metricsOf([name])[0]!.start({ tools: new Tools(), fps: 25, sound: null, emotion: null });
  for (const pair of pairs) await scorer.add(pair);
  return scorer.finish({ made: pairs.length, real: pairs.length - 4 });
}

async function scoresOf(name: string, pairs: readonly FramePair[]): Promise<Scores> {
  const result = await finished(name, pairs);
  if ("missing" in result) throw new Error(`${name}: ${result.missing}`);
  return result;
}

describe("known values", () => {
  it.each(["lmd", "lmd:sum", "m-lmd", "f-lmd", "mouth-place", "pose-error", "lips", "eyes", "brows", "blinks", "length-ratio"])("of %s", async (name) => {
    const { values, frames: used } = await scoresOf(name, faces);
    for (const [score, value] of Object.entries(values)) expect(Math.abs(value - golden.faces[score]!), score).toBeLessThan(1e-5 * Math.abs(golden.faces[score]!));
    expect(used).toBe(["blinks", "length-ratio"].includes(name) ? frames : golden.frames);
  });

  it("of blinks of two clips together", async () => {
    const clips = [await scoresOf("blinks", faces.slice(0, 60)), await scoresOf("blinks", faces.slice(60))];
    expect(clips.map(({ pool }) => [pool![0], pool![2]])).toEqual(golden.pooled.counts);
    const both = metricsOf(["blinks"])[0]!.combine!(clips.map(({ pool }) => Float64Array.from(pool!)));
    for (const score of ["blinks", "blinks-real"] as const) expect(both[score]).toBeCloseTo(golden.pooled[score], 9);
  });

  it("of flicker", async () => {
    const { values } = await scoresOf("flicker", Array.from({ length: 9 }, (_, t) => ({ made: { image: picture(t, 0), mesh: null }, real: { image: picture(t, 1), mesh: null }, shown: false })));
    const { share, ...wanted } = golden.flicker;
    // Some of the picture moves and some of it stands still.
    expect(share).toBeGreaterThan(0.3);
    expect(share).toBeLessThan(0.9);
    expect(Object.keys(values).sort()).toEqual(Object.keys(wanted).sort());
    for (const [score, value] of Object.entries(wanted)) expect(values[score], score).toBeCloseTo(value, 9);
  });
});
