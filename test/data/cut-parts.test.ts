import { describe, expect, it } from "vitest";
import { longestGap, lookAhead, type Part } from "../../src/data/clip-cutter.js";
import { cutParts } from "../../src/data/cut-parts.js";
import { canonicalMesh } from "../../src/face/canonical.js";
import { cropAffine, smoothCrops } from "../../src/face/crop.js";
import type { TrackedFaces } from "../../src/face/track-faces.js";
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

/** A face a row, a frame per character: "x" it is seen, "." it is not, "|" it is seen after a cut, " " it is not followed. Face i is i pixels further down. */
async function* tracked(...rows: readonly string[]): AsyncGenerator<TrackedFaces> {
  for (let t = 0; t < rows[0]!.length; t++) {
    const faces = rows.flatMap((row, id) => (row[t] === " " ? [] : [{ id, mesh: row[t] === "." ? null : { points: face(t / 4).map((value, k) => (k % 3 === 1 ? value + id : value)), presence: 1 } }]));
    yield { image, faces, cut: rows[0]![t] === "|" };
  }
}

async function parts(text: string, maxFrames = 1000, sourceScale = 1): Promise<Part[]> {
  const out: Part[] = [];
  for await (const part of cutParts(tracked(text), { size, maxFrames, sourceScale }, () => expect.fail("asked where there is one face"))) out.push(part);
  return out;
}

/** Which face a part is of, by how far down its nose is in the source in the first frame. */
function faceOf({ crop, mesh }: Part): number {
  const y = crop[3]! * mesh[12]! + crop[4]! * mesh[13]! + crop[5]!;
  return Math.round(y - face(0)[13]!);
}

/** Parts as [first frame, frames, face], when the last of the faces that compete is taken, and what was asked. */
async function contest(rows: readonly string[], maxFrames = 1000): Promise<{ parts: unknown[]; asked: unknown[] }> {
  const described = (part: Part): unknown => [part.startFrame, part.frames, faceOf(part)];
  const asked: unknown[] = [];
  const out: unknown[] = [];
  const choose = async (rivals: readonly Part[]): Promise<Part> => {
    asked.push(rivals.map(described));
    return rivals.at(-1)!;
  };
  for await (const part of cutParts(tracked(...rows), { size, maxFrames, sourceScale: 1 }, choose)) out.push(described(part));
  return { parts: out, asked };
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
    async function* counted(): AsyncGenerator<TrackedFaces> {
      for await (const frame of tracked("x".repeat(40))) {
        given++;
        yield frame;
      }
    }
    const seen: number[] = [];
    for await (const part of cutParts(counted(), { size, maxFrames: 10, sourceScale: 1 }, () => expect.fail("asked where there is one face"))) seen.push(given - part.startFrame);
    expect(seen).toEqual([10, 10, 10, 10]);
  });
});

describe("cutParts with several faces", () => {
  it("asks at the end of a part which of its faces it shall be of", async () => {
    expect(await contest(["xxxxxx", "xxxxxx", "xxxxxx"])).toEqual({ asked: [[[0, 6, 0], [0, 6, 1], [0, 6, 2]]], parts: [[0, 6, 2]] });
    expect(await contest(["xxxxx|xxx", "xxxxx xxx"])).toEqual({ asked: [[[0, 5, 0], [0, 5, 1]], [[5, 4, 0], [6, 3, 1]]], parts: [[0, 5, 1], [6, 3, 1]] });
    expect((await contest(["x".repeat(7), "x".repeat(7)], 3)).parts).toEqual([[0, 3, 1], [3, 3, 1], [6, 1, 1]]);
  });

  it("asks only about faces that were there for half of it", async () => {
    expect(await contest(["xxxxxxxx", "   xxxxx", "     xxx"])).toEqual({ asked: [[[0, 8, 0], [3, 5, 1]]], parts: [[3, 5, 1]] });
    expect(await contest(["xxxxxxxx", "xxxx    ", "      xx"])).toEqual({ asked: [[[0, 8, 0], [0, 4, 1]]], parts: [[0, 4, 1]] });
    expect(await contest(["xxxxxxxx", "xxx     "])).toEqual({ asked: [], parts: [[0, 8, 0]] });
  });

  it("ends a part where its first face is lost, and goes on with the next face", async () => {
    const lost = ".".repeat(longestGap + 1);
    expect(await contest([`xxxx${lost}xx`, `xxxx${"x".repeat(lost.length)}xx`])).toEqual({ asked: [[[0, 4, 0], [0, 10, 1]], [[10, 2, 0], [10, 2, 1]]], parts: [[0, 10, 1], [10, 2, 1]] });
    expect(await contest(["xxxx..  ", "xxxxxxxx"])).toEqual({ asked: [[[0, 4, 0], [0, 6, 1]]], parts: [[0, 6, 1], [6, 2, 1]] });
  });
});
