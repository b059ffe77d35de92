/** Which videos meet which. */
import { mkdirSync, writeFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { planOfCsv, planOfPaths, systemNames } from "../../src/eval/pairs.js";
import { testFolder } from "../support/media-files.js";

const folder = testFolder("pairs");
const put = (name: string): void => {
  mkdirSync(folder.path(name.split("/").slice(0, -1).join("/")), { recursive: true });
  writeFileSync(folder.path(name), "");
};
for (const name of ["a/x.mp4", "a/deep/y.mkv", "b/x.avi", "b/deep/z.mp4", "real/x.mp4", "real/deep/y.mp4", "real/deep/z.mp4", "real/notes.txt", "twice/x.mp4", "twice/x.mkv"]) put(name);
const csv = (text: string): string => {
  writeFileSync(folder.path("pairs.csv"), text);
  return folder.path("pairs.csv");
};
afterAll(folder.remove);

describe("pairs", () => {
  it("pairs folders by path without extension, whatever the container, and names what is alone", async () => {
    const plan = await planOfPaths([folder.path("a"), folder.path("b")], folder.path("real"));
    expect(plan.systems).toEqual(["a", "b"]);
    expect(plan.units.map(({ system, clip, made, real }) => [system, clip, (made as { path: string }).path.slice(-10), (real as { path: string }).path.slice(-10)])).toEqual([
      ["a", "deep/y", "deep/y.mkv", "deep/y.mp4"],
      ["a", "x", folder.path("a/x.mp4").slice(-10), folder.path("real/x.mp4").slice(-10)],
      ["b", "deep/z", "deep/z.mp4", "deep/z.mp4"],
      ["b", "x", folder.path("b/x.avi").slice(-10), folder.path("real/x.mp4").slice(-10)],
    ]);
    expect(plan.unpaired).toEqual([
      { system: "a", clip: "deep/z", problem: `${folder.path("a")} has no video of that name` },
      { system: "b", clip: "deep/y", problem: `${folder.path("b")} has no video of that name` },
    ]);
  });

  it("takes made videos alone, and two files of any names", async () => {
    expect((await planOfPaths([folder.path("a")], null)).units.map(({ clip, real }) => [clip, real])).toEqual([["deep/y", null], ["x", null]]);
    expect((await planOfPaths([folder.path("a/x.mp4")], folder.path("real/deep/z.mp4"))).units).toMatchObject([{ system: "x", clip: "x.mp4", real: { path: folder.path("real/deep/z.mp4") } }]);
    await expect(planOfPaths([folder.path("twice")], folder.path("real"))).rejects.toThrow(/two videos have this name/);
    await expect(planOfPaths([folder.path("a")], folder.path("real/x.mp4"))).rejects.toThrow(/two videos or two folders/);
  });

  it("tells systems of one name apart by their folders", () => {
    expect(systemNames(["runs/one/out", "runs/two/out"])).toEqual(["one/out", "two/out"]);
    expect(() => systemNames(["out", "./out"])).toThrow(/given twice/);
  });

  it("reads lists with quotes, several systems, people and sound of their own", async () => {
    const plan = await planOfCsv(csv('\uFEFFgenerated,real,audio,identity,system\r\n"a/x.mp4",real/x.mp4,,ann,ours\r\nb/x.avi,real/x.mp4,"speech, clean.wav",,theirs\r\n\r\n'));
    expect(plan.systems).toEqual(["ours", "theirs"]);
    expect(plan.units).toMatchObject([
      { system: "ours", clip: "real/x", identity: "ann", sound: null, made: { path: folder.path("a/x.mp4") } },
      { system: "theirs", clip: "real/x", identity: null, sound: { path: folder.path("speech, clean.wav") } },
    ]);
    for (const [text, message] of [
      ["made,real\na,b\n", /expected a first line with the columns generated and real.*got made/],
      ["generated,real\n", /lists no pair/],
      ["generated,real\na.mp4\n", /row 1 has 1 fields, expected 2/],
      ["generated,real\n,b.mp4\n", /row 1 has nothing under generated/],
      ["generated,real\na.mp4,b.mp4\na.mp4,c.mp4\n", /a stands twice/],
      ['generated,real\n"a.mp4,b.mp4\n', /the quoted field that begins in line 2 does not end: close its quote/],
    ] as const) await expect(planOfCsv(csv(text)), text).rejects.toThrow(message);
  });
});
