import { afterAll, expect, it } from "vitest";
import type { SyncRecord } from "../../src/data/manifest.js";
import { Tally } from "../../src/data/prepare-summary.js";
import { StagedOutlines } from "../../src/data/staged-outlines.js";
import { Staging, type StagedVideo } from "../../src/data/staging.js";
import { testFolder } from "../support/media-files.js";

const folder = testFolder("summary");
afterAll(folder.remove);

const sync = (offsetFrames: number, corrected: boolean): SyncRecord => ({ offsetFrames, corrected, confidence: 0.9, correlation: 0.5, method: "ridge" });

it("clips are counted one by one: people once, sound by what was done to it", () => {
  const tally = new Tally();
  tally.add({ frames: 29, person: "ada", split: "train", silent: false, sync: sync(-3, true) });
  tally.add({ frames: 30, person: "ada", split: "train", silent: false, sync: sync(0, true) });
  tally.add({ frames: 10, person: "ada", split: "train", silent: false, sync: sync(2, true) });
  tally.add({ frames: 41, person: "ben", split: "val", silent: false, sync: sync(4, false) });
  tally.add({ frames: 25, person: "cid", split: "test", silent: true, sync: { ...sync(0, false), method: "none" } });
  expect(tally.clips).toBe(5);
  expect(tally.summary(6, [{ path: "a", reason: "blurred", detail: "" }, { path: "b", reason: "no-face", detail: "" }, { path: "b", reason: "blurred", detail: "" }], 25)).toEqual({
    videos: 6,
    clips: 5,
    frames: 135,
    seconds: 5.4,
    people: 3,
    splits: { train: 3, val: 1, test: 1 },
    sync: { moved: 2, inStep: 1, unclear: 1, silent: 1 },
    rejects: { blurred: 2, "no-face": 1 },
  });
});

const part = { file: "ab-0.tar", startFrame: 5, frames: 29, width: 64, height: 48, silent: false, members: { "0.jpg": { offset: 512, size: 9 } } };

it("outlines tell of parts and drops by the number of the video, whatever the order in which videos come", () => {
  const outlines = new StagedOutlines();
  outlines.add(7, { parts: [part, { ...part, startFrame: 34, frames: 40, silent: true }], drops: [{ reason: "blurred", detail: "why", startFrame: 80, frames: 26 }] });
  outlines.add(2, { parts: [], drops: [{ reason: "no-face", detail: "none" }, { reason: "no-speech", detail: "none" }] });
  for (let video = 100; video < 200; video++) outlines.add(video, { parts: [{ ...part, startFrame: video }], drops: [] });
  expect([outlines.videos, outlines.empty, outlines.length]).toEqual([102, 1, 102]);
  expect(outlines.at(0)).toEqual({ video: 7, index: 0, startFrame: 5, frames: 29, silent: false });
  expect(outlines.at(1)).toEqual({ video: 7, index: 1, startFrame: 34, frames: 40, silent: true });
  expect(outlines.at(101)).toEqual({ video: 199, index: 0, startFrame: 199, frames: 29, silent: false });
  expect([...outlines.drops()].map(([video, { reason }]) => [video, reason])).toEqual([[2, "no-face"], [2, "no-speech"], [7, "blurred"]]);
});

it("a part that is gone is named", async () => {
  const staging = new Staging(folder.path("out"));
  await staging.write("ab", { parts: [part], drops: [], framesRead: 66 } satisfies StagedVideo);
  expect(await staging.part("ab", 0)).toEqual(part);
  await expect(staging.part("ab", 1)).rejects.toMatchObject({ code: "bad-data", message: expect.stringMatching(/ab\.json: has no part 1 any more/) as string });
  await expect(staging.part("cd", 0)).rejects.toMatchObject({ code: "bad-data" });
});
