/** Corpora in their published layouts: what is found, what it is called, what is left out, and that it can be prepared. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { emotions, meadGaps, views } from "../../src/data/corpora/mead-gaps.js";
import { corpora } from "../../src/data/corpora/registry.js";
import { parseAlign } from "../../src/data/corpora/grid.js";
import type { InputList, InputVideo } from "../../src/data/inputs.js";
import { readManifest, readRejects } from "../../src/data/manifest.js";
import { prepareInputs } from "../../src/data/prepare.js";
import { runTalkface } from "../support/command.js";
import { layCremad, layGrid, layLrw, layMead, makeMedia } from "../support/corpora.js";
import { testFolder } from "../support/media-files.js";

const folder = testFolder("corpora");
beforeAll(async () => {
  const media = await makeMedia(folder.path("media"));
  layGrid(folder.path("grid"), media);
  layLrw(folder.path("lrw"), media);
  layMead(folder.path("mead"), media);
  layCremad(folder.path("cremad"), media);
});
afterAll(folder.remove);

async function find(name: string, splits?: string, keepKnownBad = false): Promise<InputList> {
  const corpus = corpora.find((each) => each.name === name)!;
  return corpus.find(folder.path(name), { splits: splits ?? corpus.splits[0]!, keepKnownBad });
}

/** Source -> what is asked of the input. */
const told = <T>(list: InputList, tell: (input: InputVideo) => T): Record<string, T> => Object.fromEntries([...list.inputs].map((input) => [input.source, tell(input)]));
const reasons = ({ rejects }: InputList): Record<string, string> => Object.fromEntries(rejects.map(({ path, reason }) => [path, reason]));

describe("GRID", () => {
  it("takes sentences and words from names and alignments, also from shuffled folders", async () => {
    const list = await find("grid");
    expect(told(list, ({ person, split, labels }) => [person, split, labels["sentence"]])).toEqual({
      "grid/s1/mpg/bbizzn.mpg": ["grid_s1", "train", "bin blue in z zero now"],
      "grid/s1/mpg/srwb3s.mpg": ["grid_s1", "train", "set red with b three soon"],
      "grid/s2/video/mpg_6000/pgid6p.mpg": ["grid_s2", "test", "place green in d six please"],
      "grid/s5/bbaf2n.mpg": ["grid_s5", "val", "bin blue at f two now"],
      "grid/s6/lwbsza.mpg": ["grid_s6", "train", "lay white by s zero again"],
    });
    const sentence = [...list.inputs].find(({ source }) => source.endsWith("srwb3s.mpg"))!;
    expect([...list.inputs].filter(({ labels }) => labels["doubtful"] === true).map(({ source }) => source)).toEqual(["grid/s1/mpg/bbizzn.mpg"]);
    expect(sentence.labels).toMatchObject({ speaker: "s1", command: "set", colour: "red", preposition: "with", letter: "b", digit: "three", adverb: "soon" });
    expect(sentence.words!.slice(0, 2)).toEqual([{ word: "set", start: 0.1, end: 0.3 }, { word: "red", start: 0.3, end: 0.5 }]);
    expect(reasons(list)).toEqual({
      "grid/s1/mpg/bbaw2n.mpg": "bad-name",
      "grid/s4/mpg/pwad3s.mpg": "no-partner",
      "grid/elsewhere/srwb4s.mpg": "bad-name",
    });
    expect(list.expected.find(({ what }) => what === "s8")).toEqual({ what: "s8", found: 0, expected: 889 });
    expect(list.expected).toHaveLength(33);
    expect(list.expected.reduce((sum, { expected }) => sum + expected, 0)).toBe(32_870);
  });

  it("has splits by speaker", async () => {
    expect(told(await find("grid", "lipnet"), ({ split }) => split)).toMatchObject({ "grid/s1/mpg/srwb3s.mpg": "test", "grid/s5/bbaf2n.mpg": "train" });
    await expect(find("grid", "mine")).rejects.toThrow(/--splits mine: expected sda, lipnet, atvgnet/);
  });

  it("refuses alignments that are something else", () => {
    expect(parseAlign("0 1000 sil\n1000 26000 bin\n26000 27000 sp\n")).toEqual([{ word: "bin", start: 0.04, end: 1.04 }]);
    for (const text of ["0 1000", "a b c", "0 1000 bin extra", "-1 5 bin", "0 99999999999 bin"]) expect(parseAlign(text), text).toBeNull();
  });
});

describe("LRW", () => {
  it("takes the split from the folder and puts the word into the middle", async () => {
    const list = await find("lrw");
    expect(told(list, ({ person, split, labels }) => [person, split, labels["word"], labels["word_seconds"]])).toEqual({
      "lrw/ABOUT/train/ABOUT_00001.mp4": ["lrw_ABOUT_00001", "train", "about", 0.24],
      "lrw/ABOUT/val/ABOUT_00002.mp4": ["lrw_ABOUT_00002", "val", "about", undefined],
      "lrw/ABOUT/test/ABOUT_00050.mp4": ["lrw_ABOUT_00050", "test", "about", 0.3],
    });
    const [{ start, end } = { start: 0, end: 0 }] = [...list.inputs].find(({ source }) => source.includes("00001"))!.words!;
    expect([start, end]).toEqual([expect.closeTo(0.46, 9), expect.closeTo(0.7, 9)]);
    expect(reasons(list)).toEqual({
      "lrw/YEARS/test/YEARS_00001.mp4": "no-partner",
      "lrw/YEARS/train/ABOUT_00009.mp4": "bad-name",
      "lrw/YEARS/train/YEARS_00003.mp4": "lfs-pointer",
    });
    expect(list.expected).toContainEqual({ what: "train", found: 1, expected: 488_766 });
  });
});

describe("MEAD", () => {
  it("reads actor, view, emotion and level wherever they stand, and finds the sound of all views", async () => {
    const list = await find("mead");
    const sad = Array.from({ length: 8 }, (_, i) => [`mead/M007/video/front/sad/level_2/${String(3 * i + 1).padStart(3, "0")}.mp4`, ["mead_M007", "train", "front", "sad", 2, false]]);
    expect(told(list, ({ person, split, labels: { view, emotion, level }, wavPath }) => [person, split, view, emotion, level, wavPath !== null])).toEqual({
      "mead/M005/video/front/angry/level_1/001.mp4": ["mead_M005", "train", "front", "angry", 1, true],
      "mead/M005/video/left_30/angry/level_1/001.mp4": ["mead_M005", "train", "left_30", "angry", 1, true],
      "mead/W009/video/front/1/happy/level_3/017.mp4": ["mead_W009", "test", "front", "happy", 3, true],
      "mead/F035/video/top/neutral/level_1/040.mp4": ["mead_W035", "train", "top", "neutral", 1, false],
      "mead/M003/video/front/M003_26_2_output_07.mp4": ["mead_M003", "test", "front", "fear", 2, false],
      ...Object.fromEntries(sad),
    });
    expect(reasons(list)).toEqual({ "mead/M003/video/front/M003_99_2_output_07.mp4": "bad-name", "mead/M007/video/front/sad/extra.mp4": "bad-name" });
    expect(list.expected.slice(0, 2)).toEqual([{ what: "actors", found: 5, expected: 48 }, { what: "clips (nominal)", found: 13, expected: 48 * 7 * (40 + 7 * 3 * 30) }]);
    const gaps = Object.fromEntries(list.expected.slice(2).map(({ what, found, expected }) => [what, [found, expected]]));
    expect(gaps).toMatchObject({ left_60: [0, 5 * 670], "left_30 W009": [0, 670], "front M005 sad": [0, 90], "front M007 neutral": [0, 40], "front M007 sad level_2": [8, 30], "top W035 neutral level_1": [1, 40] });
  });

  it("names what is missing as a whole where all of it is, with what is known of it", () => {
    const places = ["W017", "M005"].flatMap((actor) =>
      views.flatMap((view) =>
        emotions.flatMap((emotion) =>
          (emotion === "neutral" ? [1] : [1, 2, 3]).flatMap((level) => Array.from({ length: emotion === "neutral" ? 40 : 30 }, (_, i) => ({ actor, view, emotion, level, number: String(i + 1) }))),
        ),
      ),
    );
    const known = { W017: "only down", "M005 fear": "no fear" };
    expect(meadGaps(places, 2, known)).toEqual([{ what: "clips (nominal)", found: 9380, expected: 9380 }]);
    const without = (left: (place: (typeof places)[number]) => boolean): unknown => meadGaps(places.filter(left), 2, known).slice(1);
    expect(without(({ actor, view }) => actor !== "W017" || view !== "top")).toEqual([{ what: "top W017", found: 0, expected: 670, known: "only down" }]);
    expect(without(({ view }) => view !== "top")).toEqual([{ what: "top", found: 0, expected: 1340 }]);
    expect(without(({ actor, view, emotion }) => actor !== "M005" || view !== "front" || emotion !== "fear")).toEqual([{ what: "front M005 fear", found: 0, expected: 90, known: "no fear" }]);
    expect(without(({ actor, view, emotion, level, number }) => [actor, view, emotion, level, number].join() !== "M005,down,sad,3,7")).toEqual([{ what: "down M005 sad level_3", found: 29, expected: 30 }]);
  });

  it("has the official split of the last sentences of each actor", async () => {
    const splits = told(await find("mead", "official"), ({ split }) => split);
    expect(Object.entries(splits).filter(([source]) => source.includes("M007")).map(([, split]) => split)).toEqual(["train", "train", "test", "test", "test", "test", "test", "test"]);
  });
});

describe("CREMA-D", () => {
  it("takes labels from names, people from the table, and sound from AudioWAV", async () => {
    const list = await find("cremad");
    expect(told(list, ({ person, split, labels }) => ({ person, split, ...labels }))).toEqual({
      "cremad/VideoFlash/1001_IEO_ANG_HI.flv": { person: "cremad_1001", split: "train", actor: "1001", sentence: "it's eleven o'clock", emotion: "anger", level: "high", age: 51, sex: "Male", race: "Caucasian", ethnicity: "Not Hispanic", voted: "F" },
      "cremad/VideoFlash/1015_TAI_NEU_XX.flv": { person: "cremad_1015", split: "test", actor: "1015", sentence: "the airplane is almost full", emotion: "neutral", level: "unspecified", age: 32, sex: "Female", race: "Asian, other", ethnicity: "Hispanic" },
    });
    expect([...list.inputs].every(({ wavPath, prefersWav }) => wavPath?.includes("AudioWAV") === true && prefersWav === true)).toBe(true);
    expect(reasons(list)).toEqual({
      "cremad/VideoFlash/1003_WSI_SAD_XX.flv": "lfs-pointer",
      "cremad/VideoFlash/1064_IEO_DIS_MD.flv": "known-bad",
      "cremad/VideoFlash/1076_MTI_SAD_XX.flv": "known-bad",
      "cremad/VideoFlash/1001_IEO_JOY_HI.flv": "bad-name",
    });
    expect(list.expected).toEqual([{ what: "clips", found: 2, expected: 7442 }]);
    expect(reasons(await find("cremad", "sda", true))).not.toHaveProperty(["cremad/VideoFlash/1064_IEO_DIS_MD.flv"]);
  });
});

describe("corpora", () => {
  it("are prepared with labels, words and splits; what is left out stands in the rejects", async () => {
    for (const name of ["grid", "lrw", "cremad"]) {
      const list = await find(name);
      const out = folder.path(`out-${name}`);
      const { summary } = await prepareInputs(list, { outFolder: out, size: 64, jobs: 1, limit: null, face: "largest", split: "all", allowSilent: false, maxSeconds: 20, maxShardBytes: 2 ** 30, force: false, onProgress: () => undefined });
      const clips = await readManifest(out);
      expect(clips.map(({ source, split, person }) => [source.path, split, person]).sort(), name).toEqual([...list.inputs].map(({ source, split, person }) => [source, split, person]).sort());
      expect(summary.splits.test, name).toBeGreaterThan(0);
      expect(readdirSync(out).filter((file) => file.endsWith(".tar")), name).toContain("test-000000.tar");
      expect((await readRejects(out)).map(({ path }) => path).sort(), name).toEqual(list.rejects.map(({ path }) => path).sort());
      if (name !== "grid") continue;
      const clip = clips.find(({ labels }) => labels["digit"] === "three")!;
      expect(clip.labels).toMatchObject({ digit: "three" });
      // in seconds of the clip: moved by where it starts and by how far its sound was moved
      const from = (clip.source.startFrame - (clip.sync.corrected ? clip.sync.offsetFrames : 0)) / 25;
      expect(clip.words!.at(-1)).toEqual({ word: "soon", start: expect.closeTo(1.1 - from, 2), end: expect.closeTo(Math.min(1.3 - from, clip.frames / 25), 2) });
    }
  });

  it("on the command line: a dry run counts and writes nothing, --only and --splits choose, status 3 tells of rejects", () => {
    const dry = runTalkface(["prep-mead", folder.path("mead"), "--out", folder.path("dry"), "--dry-run", "--only", "view=front", "emotion=angry,happy"]);
    expect(dry).toMatchObject({ status: 3, stdout: expect.stringContaining("2 videos of 2 people: 1 train, 0 val, 1 test\nrejects: 2 bad-name\n") });
    expect(dry.stdout).toMatch(/against a complete copy: actors 5 of 48, clips \(nominal\) 13 of 225120, .*left_60 0 of 3350.*, and \d+ more; --json lists all\n/);
    expect(readdirSync(folder.path(".")).includes("dry")).toBe(false);
    const json = JSON.parse(runTalkface(["prep-cremad", folder.path("cremad"), "--out", folder.path("dry"), "--dry-run", "--json"]).stdout) as object;
    expect(json).toMatchObject({ videos: 2, people: 2, splits: { train: 1, val: 0, test: 1 }, rejects: { "known-bad": 2, "lfs-pointer": 1, "bad-name": 1 } });
    expect(runTalkface(["prep-mead", folder.path("mead"), "--out", folder.path("dry"), "--only", "mood=calm"])).toMatchObject({ status: 2, stderr: expect.stringContaining("no video has the field mood. There are person, split, actor, view") });
    writeFileSync(folder.path("notes.txt"), "x");
    expect(runTalkface(["prep-lrw", folder.path("notes.txt"), "--out", folder.path("dry")])).toMatchObject({ status: 1, stderr: expect.stringContaining("is no folder") });
    expect(runTalkface(["prep-lrw", folder.path("media"), "--out", folder.path("dry"), "--dry-run"])).toMatchObject({ status: 3, stdout: expect.stringContaining("expected WORD/train|val|test/WORD_NNNNN") });
  });
});

const media = process.env["TALKFACE_MEDIA"];
describe.skipIf(media === undefined)("real GRID clips (skipped where TALKFACE_MEDIA names no folder)", () => {
  it("have words whose times are those of their .align files", async () => {
    const grid = corpora.find(({ name }) => name === "grid")!;
    const { inputs } = await grid.find(join(media!, "grid"), { splits: "sda", keepKnownBad: true });
    expect(inputs.length).toBeGreaterThan(150);
    for (const { path, words } of inputs) {
      const align = readFileSync(path.replace(/\/mpg\//, "/align/").replace(/\.mpg$/, ".align"), "utf8").replaceAll("\r", "");
      const own = spawnSync("awk", ['$3 != "sil" && $3 != "sp" { printf "%s %.5f %.5f;", $3, $1 / 25000, $2 / 25000 }'], { input: align, encoding: "utf8" }).stdout;
      expect(words!.map(({ word, start, end }) => `${word} ${start.toFixed(5)} ${end.toFixed(5)};`).join("")).toBe(own);
    }
  });
});
