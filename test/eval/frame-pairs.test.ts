/** Which frame meets which, at which size and in which crop. */
import { beforeAll, describe, expect, it } from "vitest";
import { type FaceAnalyzer, createFaceAnalyzer } from "../../src/face/analyzer.js";
import { framePairs, noCounts, type Pairing, pairingProtocol } from "../../src/eval/frame-pairs.js";
import type { OpenSource } from "../../src/eval/sources.js";
import type { Image } from "../../src/media/image.js";
import { neutralState } from "../../src/media/persona/face-state.js";
import { createPersona } from "../../src/media/persona/model.js";
import { renderPersona } from "../../src/media/persona/render.js";
import type { FramePair } from "../../src/metrics/metric.js";

/** Frame t is a flat picture of level t. */
function levels(count: number, width = 16, height = 12, shown: readonly number[] = []): OpenSource {
  const frames = async function* (): AsyncGenerator<Image> {
    for (let t = 0; t < count; t++) yield { data: new Uint8Array(width * height * 3).fill(t), width, height };
  };
  return { frames, sound: null, seconds: null, shown: new Set(shown), notes: [] };
}

function still(images: readonly Image[]): OpenSource {
  const frames = async function* (): AsyncGenerator<Image> {
    yield* images;
  };
  return { frames, sound: null, seconds: null, shown: new Set(), notes: [] };
}

const plain: Pairing = { frames: "truncate", crop: "none", size: null, resize: false };

async function pairsOf(made: OpenSource, real: OpenSource | null, pairing: Pairing, analyzer: FaceAnalyzer | null = null): Promise<{ pairs: FramePair[]; counts: ReturnType<typeof noCounts> }> {
  const counts = noCounts();
  const pairs: FramePair[] = [];
  for await (const pair of framePairs(made, real, analyzer, pairing, counts)) pairs.push(pair);
  return { pairs, counts };
}
const levelsOf = (pairs: readonly FramePair[]): (number | undefined)[][] => pairs.map(({ made, real }) => [made.image.data[0], real?.image.data[0]]);

describe("frame pairs", () => {
  it("end with the shorter video, and both are counted to their ends", async () => {
    for (const [a, b] of [[3, 5], [5, 3], [4, 4]] as const) {
      const { pairs, counts } = await pairsOf(levels(a), levels(b), plain);
      expect(levelsOf(pairs)).toEqual(Array.from({ length: Math.min(a, b) }, (_, t) => [t, t]));
      expect(counts).toMatchObject({ made: a, real: b, pairs: Math.min(a, b) });
    }
  });

  it("sampled evenly are floor(i n / L) of both", async () => {
    const { pairs, counts } = await pairsOf(levels(10, 16, 12, [5]), levels(4), { ...plain, frames: "even" });
    expect(levelsOf(pairs)).toEqual([[0, 0], [2, 1], [5, 2], [7, 3]]);
    expect(pairs.map(({ shown }) => shown)).toEqual([false, false, true, false]);
    expect(counts).toMatchObject({ made: 10, real: 4, pairs: 4 });
  });

  it("keep their sizes unless a size is asked for", async () => {
    const sizes = async (pairing: Partial<Pairing>): Promise<number[][]> => {
      const { pairs: [pair] } = await pairsOf(levels(1, 16, 12), levels(1, 32, 24), { ...plain, ...pairing });
      return [pair!.made.image, pair!.real!.image].map(({ width, height }) => [width, height]);
    };
    expect(await sizes({})).toEqual([[16, 12], [32, 24]]);
    expect(await sizes({ resize: true })).toEqual([[32, 24], [32, 24]]);
    expect(await sizes({ size: 20 })).toEqual([[20, 20], [20, 20]]);
  });

  it("without a real video are the made frames", async () => {
    const { pairs, counts } = await pairsOf(levels(3), null, plain);
    expect(levelsOf(pairs)).toEqual([[0, undefined], [1, undefined], [2, undefined]]);
    expect(counts).toMatchObject({ made: 3, real: 0 });
  });

  it("say in the protocol how they met", () => {
    const all = [plain, { ...plain, resize: true }, { ...plain, size: 64 }, { ...plain, crop: "face" as const }, { ...plain, frames: "even" as const }].map(pairingProtocol);
    expect(new Set(all).size).toBe(all.length);
  });

  describe("cut to faces", () => {
    let analyzer: FaceAnalyzer;
    let face: Image;
    beforeAll(async () => {
      analyzer = await createFaceAnalyzer();
      face = renderPersona(createPersona(5), neutralState, 160).image;
    });

    it("bring a moved and shrunk face to the same place", async () => {
      const blank: Image = { data: new Uint8Array(200 * 240 * 3).fill(90), width: 240, height: 200 };
      const data = Uint8Array.from(blank.data);
      for (let y = 0; y < 160; y++) data.set(face.data.subarray(y * 480, (y + 1) * 480), 3 * ((y + 25) * 240 + 50));
      const moved: Image = { ...blank, data };
      // The first frame of the made video shows nobody: there is nothing to cut to yet.
      const { pairs, counts } = await pairsOf(still([blank, moved, moved, blank]), still([face, face, face, face]), { ...plain, crop: "face", size: 96 }, analyzer);
      expect(counts).toMatchObject({ made: 4, real: 4, pairs: 3, uncut: 1, facelessMade: 1, facelessReal: 0 });
      const { made, real } = pairs[0]!;
      expect([made.image.width, made.image.height, real!.image.width]).toEqual([96, 96, 96]);
      const difference = made.mesh!.reduce((sum, value, i) => sum + (i % 3 === 2 ? 0 : Math.abs(value - real!.mesh![i]!)), 0) / (2 * 478);
      expect(difference).toBeLessThan(1);
      // A different place and another picture size would be tens of pixels away.
      expect(Math.abs(made.mesh![3 * 4]! - 48)).toBeLessThan(6);
      expect(pairs[2]!.made.mesh).toBeNull();
    });
  });
});
