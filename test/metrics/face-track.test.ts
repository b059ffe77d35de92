/** Face tracks against the crops of SyncNet's own pipeline (support/track_scipy.py). */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Image } from "../../src/media/image.js";
import { type Box, FaceTracks } from "../../src/metrics/syncnet/face-track.js";

const golden = JSON.parse(readFileSync(new URL("golden/track.json", import.meta.url), "utf8")) as { width: number; height: number; sha256: string }[];
const [width, height] = [120, 90];

/** As in the Python script. */
function frame(t: number): Image {
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < data.length; i++) data[i] = (7 * (Math.floor(i / 3) % width) + 13 * Math.floor(i / 3 / width) + 29 * (i % 3) + 5 * t) % 256;
  return { data, width, height };
}
function box(t: number): Box {
  const [x, y, s] = [60 + 1.25 * t, 40 + ((t * 7) % 5) * 0.5, 20 + ((t * 3) % 7) * 0.25 + (t === 15 ? 5 : 0)];
  return { left: x - s, top: y - 1.25 * s, right: x + s, bottom: y + 1.25 * s };
}

class Crops {
  readonly all: Image[] = [];
  add(crop: Image): Promise<void> {
    this.all.push(crop);
    return Promise.resolve();
  }
}
const opened = (): FaceTracks<Crops> => new FaceTracks(() => new Crops());

describe("face tracks", () => {
  it("cuts the pixels that SyncNet's pipeline cuts, gaps filled, borders grey", async () => {
    const tracks = opened();
    for (let t = 0; t < golden.length; t++) await tracks.add(frame(t), [7, 8, 9, 21].includes(t) ? null : box(t));
    const [track, ...others] = await tracks.finish();
    expect(others).toEqual([]);
    expect(track).toMatchObject({ first: 0, last: 29, detections: 26 });
    expect(track!.sink.all.map((crop) => ({ width: crop.width, height: crop.height, sha256: createHash("sha256").update(crop.data).digest("hex") }))).toEqual(golden);
  });

  it("begins anew where the face jumps or is lost too long, and leaves off where it was last seen", async () => {
    const still: Box = { left: 20, top: 20, right: 60, bottom: 60 };
    const tracks = opened();
    const add = async (count: number, at: Box | null): Promise<void> => {
      for (let t = 0; t < count; t++) await tracks.add(frame(t), at);
    };
    await add(5, null);
    await add(10, still);
    await add(24, null); // 25 frames from one detection to the next: the same face
    await add(3, still);
    await add(25, null);
    await add(4, still);
    await add(2, { left: 45, top: 20, right: 85, bottom: 60 });
    await add(8, null);
    const found = await tracks.finish();
    expect(found.map(({ first, last, detections, side, sink }) => [first, last, detections, side, sink.all.length])).toEqual([
      [5, 41, 13, 40, 37],
      [67, 70, 4, 40, 4],
      [71, 72, 2, 40, 2],
    ]);
  });

  it("keeps no more frames than a lost face can still need", async () => {
    let cut = 0;
    const tracks = new FaceTracks(() => ({ add: () => Promise.resolve(void cut++) }));
    for (let t = 0; t < 60; t++) {
      await tracks.add(frame(t), { left: 20, top: 20, right: 60, bottom: 60 });
      expect(t + 1 - cut).toBeLessThanOrEqual(6);
    }
  });
});
