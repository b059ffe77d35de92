import { afterAll, expect, it } from "vitest";
import type { SyncRecord } from "../../src/data/manifest.js";
import { Tally } from "../../src/data/prepare-summary.js";
import { outlineOf, Staging, type StagedVideo } from "../../src/data/staging.js";
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

it("an outline is a record without the places of members, and a part that is gone is named", async () => {
  const staging = new Staging(folder.path("out"));
  const part = { file: "ab-0.tar", startFrame: 5, frames: 29, width: 64, height: 48, silent: false, members: { "0.jpg": { offset: 512, size: 9 } } };
  const record: StagedVideo = { parts: [part], drops: [{ reason: "blurred", detail: "why", startFrame: 40, frames: 26 }], framesRead: 66 };
  expect(outlineOf(record)).toEqual({ parts: [{ startFrame: 5, frames: 29, silent: false }], drops: record.drops });
  await staging.write("ab", record);
  expect(await staging.part("ab", 0)).toEqual(part);
  await expect(staging.part("ab", 1)).rejects.toMatchObject({ code: "bad-data", message: expect.stringMatching(/ab\.json: has no part 1 any more/) as string });
  await expect(staging.part("cd", 0)).rejects.toMatchObject({ code: "bad-data" });
});
