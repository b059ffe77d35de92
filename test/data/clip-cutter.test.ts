import { describe, expect, it } from "vitest";
import { cutParts, longestGap, lookAhead, type Part, type TrackedFrame } from "../../src/data/clip-cutter.js";
import { canonicalMesh } from "../../src/face/canonical.js";
import { cropAffine, smoothCrops } from "../../src/face/crop.js";
import type { Image } from "../../src/media/image.js";

const size = 32;
const image: Image = { data: new Uint8Array(200 * 160 * 3).fill(90), width: 200, height: 160 };

/** The canonical face, `scale` pixels a centimetre, in the middle of the picture and `shift` pixels to the right. */
function face(shift: number, scale = 5): Float32Array {
  const mesh = canonicalMesh();
  const points = new Float32Array(478 * 3);
  for (let i = 0; i < 468; i++) points.set([100 + shift + scale * mesh[3 * i]!, 80 - scale * mesh[3 * i + 1]!, -scale * mesh[3 * i + 2]!], 3 * i);
  for (let i = 468; i < 478; i++) points.set(points.subarray(0, 3), 3 * i);
  return points;
}

/** A frame per character: "x" a face, "." none, "|" a face after a cut. */
async function* tracked(text: string, shift = (t: number) => t / 4): AsyncGenerator<TrackedFrame> {
  for (const [t, mark] of [...text].entries()) yield { image, points: mark === "." ? null : face(shift(t)), cut: mark === "|" };
}

async function parts(text: string, maxFrames = 1000, sourceScale = 1): Promise<Part[]> {
  const out: Part[] = [];
  for await (const part of cutParts(tracked(text), { size, maxFrames, sourceScale })) out.push(part);
  return out;
}

const shape = (list: readonly Part[]): unknown[] => list.map(({ startFrame, frames, end }) => [startFrame, frames, end]);

describe("cutParts", () => {
  it("splits at cuts, at faces lost for too long, and at the longest length", async () => {
    expect(shape(await parts("xxxxx"))).toEqual([[0, 5, "end"]]);
    expect(shape(await parts("...xxxx..."))).toEqual([[3, 4, "end"]]);
    expect(shape(await parts("xxxx|xxx"))).toEqual([[0, 4, "cut"], [4, 4, "end"]]);
    expect(shape(await parts(`xxx${".".repeat(longestGap)}xx`))).toEqual([[0, 3 + longestGap + 2, "end"]]);
    expect(shape(await parts(`xxx${".".repeat(longestGap + 1)}xx`))).toEqual([[0, 3, "lost"], [3 + longestGap + 1, 2, "end"]]);
    expect(shape(await parts("xxx..|xx"))).toEqual([[0, 3, "cut"], [5, 3, "end"]]);
    expect(shape(await parts("x".repeat(10), 4))).toEqual([[0, 4, "full"], [4, 4, "full"], [8, 2, "end"]]);
    expect(await parts(".....")).toEqual([]);
    expect(await parts("")).toEqual([]);
  });

  it("aligns as a smoothing of the whole clip would, though it never sees it whole", async () => {
    const frames = 3 * lookAhead;
    const [part] = await parts("x".repeat(frames));
    const expected = smoothCrops(Array.from({ length: frames }, (_, t) => cropAffine({ points: face(t / 4) }, size)));
    for (const t of [0, 5, lookAhead, frames - 1]) {
      expected[t]!.forEach((value, k) => expect(part!.crop[6 * t + k]).toBeCloseTo(value, 4));
    }
    expect(part!.pictures.length).toBe(frames);
    expect(part!.landmarks.length).toBe(frames * 136);
    expect(part!.mesh.length).toBe(frames * 478 * 3);
  });

  it("fills gaps by straight lines between the points on either side", async () => {
    const [part] = await parts("x...x");
    // Points in the source: crop points taken back by the crop's affine.
    const x = (t: number): number => {
      const [a, b, c] = part!.crop.subarray(6 * t, 6 * t + 3) as unknown as [number, number, number];
      const at = t * 478 * 3;
      return a * part!.mesh[at]! + b * part!.mesh[at + 1]! + c;
    };
    for (let t = 1; t < 5; t++) expect(x(t) - x(t - 1)).toBeCloseTo(0.25, 3);
  });

  it("gives crop -> source in pixels of the source where the frames were shrunk", async () => {
    const [plain] = await parts("xxx");
    const [half] = await parts("xxx", 1000, 2);
    plain!.crop.forEach((value, k) => expect(half!.crop[k]).toBeCloseTo(2 * value, 4));
    expect(half!.scale).toBeCloseTo(2 * plain!.scale, 5);
    expect(half!.mesh).toEqual(plain!.mesh);
  });

  it("gives a part as soon as it is full", async () => {
    let given = 0;
    async function* counted(): AsyncGenerator<TrackedFrame> {
      for await (const frame of tracked("x".repeat(40))) {
        given++;
        yield frame;
      }
    }
    const seen: number[] = [];
    for await (const part of cutParts(counted(), { size, maxFrames: 10, sourceScale: 1 })) seen.push(given - part.startFrame);
    expect(seen).toEqual([10, 10, 10, 10]);
  });
});
