import { beforeAll, describe, expect, it } from "vitest";
import { Random } from "../../src/base/random.js";
import { createFaceAnalyzer, type FaceAnalyzer } from "../../src/face/analyzer.js";
import { anchors, fullRangeGrids, mergeDetections, overlap, shortRangeGrids, weightedSuppression, type Detection } from "../../src/face/detector.js";
import type { Image } from "../../src/media/image.js";
import { neutralState } from "../../src/media/persona/face-state.js";
import { createPersona } from "../../src/media/persona/model.js";
import { renderPersona } from "../../src/media/persona/render.js";
import { warpImage } from "../../src/media/transform.js";

const detection = (x: number, score: number): Detection => ({
  box: { x, y: 0, width: 10, height: 10 },
  score,
  keypoints: new Float64Array(12).fill(x),
});

describe("anchors", () => {
  it("are as many as the networks have outputs, at cell centres", () => {
    const short = anchors(shortRangeGrids);
    expect(short.length / 2).toBe(896);
    expect(anchors(fullRangeGrids).length / 2).toBe(2304);
    expect([...short.subarray(0, 4)]).toEqual([1 / 32, 1 / 32, 1 / 32, 1 / 32]);
    expect([...short.subarray(1024, 1026)]).toEqual([1 / 16, 1 / 16]);
    expect(short.at(-1)).toBe(15 / 16);
  });
});

describe("suppression", () => {
  it("averages overlapping detections by score and keeps the others", () => {
    const [first, second, ...rest] = weightedSuppression([detection(50, 0.6), detection(2, 0.5), detection(0, 1)]);
    expect(rest).toEqual([]);
    expect(first!.score).toBe(1);
    expect(first!.box.x).toBeCloseTo(1 / 1.5, 9);
    expect(first!.keypoints[7]).toBeCloseTo(1 / 1.5, 9);
    expect(second!.box.x).toBe(50);
  });

  it("survives boxes without area", () => {
    const flat = (): Detection => ({ ...detection(0, 0.9), box: { x: 0, y: 0, width: 0, height: 0 } });
    expect(weightedSuppression([flat(), flat()])).toHaveLength(2);
  });

  it("adds only what the first network did not find", () => {
    expect(mergeDetections([detection(0, 0.7)], [detection(1, 0.9), detection(40, 0.8)]).map(({ box }) => box.x)).toEqual([40, 0]);
  });

  it("measures overlap", () => {
    expect(overlap(detection(0, 1).box, detection(5, 1).box)).toBeCloseTo(1 / 3, 9);
    expect(overlap(detection(0, 1).box, detection(10, 1).box)).toBe(0);
  });
});

describe("finding faces", () => {
  let analyzer: FaceAnalyzer;
  const size = 256;
  const [persona, other] = [1, 2].map((seed) => renderPersona(createPersona(seed), neutralState, size).image) as [Image, Image];
  beforeAll(async () => {
    analyzer = await createFaceAnalyzer();
  });

  it("finds nothing in blank pictures, noise and tiny pictures", async () => {
    const random = new Random("noise");
    const blank = (value: number, width = size, height = size): Image => ({ data: new Uint8Array(width * height * 3).fill(value), width, height });
    const noise = { ...blank(0), data: Uint8Array.from({ length: size * size * 3 }, () => random.integer(256)) };
    for (const image of [blank(0), blank(127), blank(255), noise, blank(90, 1, 1), blank(90, 3, 700)]) {
      expect(await analyzer.detect(image)).toEqual([]);
      expect(await analyzer.find(image, "largest")).toBeNull();
    }
  });

  it("finds a persona once, where it is, at any size in the picture", async () => {
    for (const scale of [1, 2, 4]) {
      const canvas = warpImage(persona, [scale, 0, -20 * scale, 0, scale, -10 * scale], size, size, "edge");
      const found = await analyzer.detect(canvas);
      expect(found).toHaveLength(1);
      const { x, y, width, height } = found[0]!.box;
      expect(Math.abs(x + width / 2 - (20 + size / 2 / scale))).toBeLessThan(20 / scale);
      expect(y).toBeGreaterThan(10);
      expect(y + height).toBeLessThan(10 + size / scale);
    }
  });

  it("chooses the largest face or counts from the left", async () => {
    const width = 2 * size;
    const data = new Uint8Array(width * size * 3).fill(120);
    const small = warpImage(other, [2, 0, 0, 0, 2, 0], size / 2, size / 2, "edge");
    for (const [picture, left] of [[small, 40], [persona, size]] as const) {
      for (let y = 0; y < picture.height; y++) data.set(picture.data.subarray(y * picture.width * 3, (y + 1) * picture.width * 3), (y * width + left) * 3);
    }
    const image: Image = { data, width, height: size };
    const noseX = async (which: "largest" | number): Promise<number | undefined> => (await analyzer.find(image, which))?.points[3 * 4];
    expect(await noseX("largest")).toBeGreaterThan(size);
    expect(await noseX(1)).toBeLessThan(size);
    expect(await noseX(2)).toBeGreaterThan(size);
    expect(await noseX(3)).toBeUndefined();
  });

  it("gives the same to callers that run at once", async () => {
    const alone = [await analyzer.find(persona, "largest"), await analyzer.find(other, "largest")];
    expect(await Promise.all([analyzer.find(persona, "largest"), analyzer.find(other, "largest")])).toEqual(alone);
  });
});
