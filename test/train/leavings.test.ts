/** What a run leaves behind: journal, TensorBoard events, best weights, page. One small run, stopped and resumed. */
import { appendFile, copyFile, mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readJsonLines } from "../../src/base/files.js";
import { readImage } from "../../src/media/image.js";
import { findCheckpoint, readCheckpoint } from "../../src/store/checkpoint.js";
import { BestKeeper, judgementOf } from "../../src/train/best.js";
import { parseTrainConfig } from "../../src/train/config.js";
import { crc32c } from "../../src/train/events/crc32c.js";
import { exportModel } from "../../src/train/export.js";
import { figuresOf, Journal, type JournalEntry } from "../../src/train/journal.js";
import { train } from "../../src/train/loop.js";
import { runPage } from "../../src/train/page/run-page.js";
import type { Run } from "../../src/train/run.js";
import { toySystem } from "../support/toy-system.js";
import { Browser, findBrowser } from "../support/browser.js";
import { runTalkface } from "../support/command.js";
import { testFolder } from "../support/media-files.js";
import { readEvents } from "../support/read-events.js";
import { writeShards } from "../support/shards.js";

const folder = testFolder("leavings");
const out = folder.path("run");
afterAll(folder.remove);

const journalOf = async (path: string): Promise<JournalEntry[]> => (await readJsonLines(join(path, "metrics.jsonl"))) as JournalEntry[];
const eventFiles = async (path: string): Promise<string[]> => (await readdir(path)).filter((name) => name.startsWith("events.out.tfevents.")).sort().map((name) => join(path, name));

/** Event files and journal as the first part of the run left them. */
let firstFiles: string[];

beforeAll(async () => {
  const data = folder.path("data");
  await writeShards(data, { people: 3, heldOut: 1, frames: 30, size: 64 });
  const config = parseTrainConfig(
    { system: "et-gan-acw", preset: "tiny", data: [data], phases: [{ name: "motion", steps: 12, rate: 2e-3 }, { name: "render", steps: 4, rate: 1e-3 }], checkpointEvery: 4, validateEvery: 2, sampleEvery: 2, validationBatches: 1 },
    "test",
  );
  let asked = 0;
  await train(config, { out, device: "cpu", shouldStop: () => ++asked > 7 });
  // Both starts fall into one second of one process here, which gives their event files one name; and a killed process leaves half a line.
  for (const path of await eventFiles(out)) await rename(path, `${path}.first`);
  firstFiles = await eventFiles(out);
  await appendFile(join(out, "metrics.jsonl"), '{"kind":"train","step":8,"pha');
  await train(config, { out, device: "cpu", shouldStop: () => false });
}, 240_000);

describe("events for TensorBoard", () => {
  it("have the sums of RFC 3720", () => {
    expect(crc32c(Buffer.from("123456789"))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  });

  it("say what the journal says, in a file for each start; the second voids what lay beyond its start", async () => {
    const files = await eventFiles(out);
    expect(files).toHaveLength(2);
    const [first, second] = firstFiles.map((path) => readEvents(path)).concat([readEvents(files.find((path) => !firstFiles.includes(path))!)]) as [ReturnType<typeof readEvents>, ReturnType<typeof readEvents>];
    for (const events of [first, second]) expect(events.map(({ fileVersion }) => fileVersion).filter((version) => version !== null)).toEqual(["brain.Event:2"]);
    expect(first.some(({ sessionStatus }) => sessionStatus !== null)).toBe(false);
    expect(second.filter(({ sessionStatus }) => sessionStatus === 1).map(({ step }) => step)).toEqual([8]);
    const told = [...first, ...second].filter(({ scalars }) => Object.keys(scalars).length > 0);
    const written = (await journalOf(out)).filter(({ kind }) => kind === "train" || kind === "validation");
    expect(told).toHaveLength(written.length);
    for (const [i, entry] of written.entries()) {
      const { figures, course } = figuresOf(entry);
      const expected = { ...Object.fromEntries(Object.entries(figures).map(([name, value]) => [`${name}/${entry.kind}`, value])), ...Object.fromEntries(Object.entries(course).map(([name, value]) => [`course/${name}`, value])) };
      expect(told[i]!.step).toBe(entry.step);
      expect(Object.keys(told[i]!.scalars).sort()).toEqual(Object.keys(expected).sort());
      for (const [tag, value] of Object.entries(expected)) expect(told[i]!.scalars[tag], tag).toBe(Math.fround(value));
    }
    expect(told.some(({ scalars }) => "loss.generator/train" in scalars && "course/rate" in scalars)).toBe(true);
    expect(told.some(({ scalars }) => "loss.generator/validation" in scalars)).toBe(true);
  });

  it("hold the sample sheets, byte for byte", async () => {
    const images = (await eventFiles(out)).flatMap((path) => readEvents(path)).flatMap(({ step, images: own }) => Object.entries(own).map(([tag, image]) => ({ tag, step, ...image })));
    expect(images.map(({ tag, step }) => `${tag} ${step}`)).toEqual(["samples/render 14", "samples/render 16"]);
    for (const { step, bytes, width, height, colorspace } of images) {
      const path = join(out, "samples", `${String(step).padStart(8, "0")}.png`);
      expect(bytes.equals(await readFile(path))).toBe(true);
      expect({ width, height, colorspace }).toEqual({ width: (await readImage(path)).width, height: (await readImage(path)).height, colorspace: 3 });
    }
  });
});

describe("the journal", () => {
  it("loses the line that a killed process left half written, and no other", async () => {
    const entries = await journalOf(out);
    const resumed = entries.findIndex(({ kind }) => kind === "resumed");
    expect(entries[resumed]).toMatchObject({ step: 7, phase: "motion" });
    expect(entries[resumed - 1]).toMatchObject({ kind: "checkpoint", step: 7 });
    expect(entries.at(-1)).toMatchObject({ kind: "checkpoint", step: 16 });
  });

  it("goes on without a listener that fails", async () => {
    const path = folder.path("listened");
    const heard: string[] = [];
    const good = { name: "good", take: async ({ kind }: JournalEntry) => void heard.push(kind) };
    let calls = 0;
    const bad = { name: "bad", take: async () => { calls++; throw new Error("no."); } };
    const journal = new Journal(path, [bad, good]);
    for (const kind of ["train", "event"] as const) await journal.write({ kind, step: 1_234_567, phase: "a" });
    expect([heard, calls]).toEqual([["train", "event"], 1]);
    expect((await journalOf(path)).map(({ step }) => step)).toEqual([1_234_567, 1_234_567]);
  });
});

describe("best weights", () => {
  it("are those of the validation with the lowest loss of the last phase, and export gives them", async () => {
    const entries = await journalOf(out);
    const validated = entries.filter(({ kind, phase }) => kind === "validation" && phase === "render") as (JournalEntry & { "loss.generator": number })[];
    const lowest = validated.reduce((a, b) => (b["loss.generator"] < a["loss.generator"] ? b : a));
    const best = await readCheckpoint(join(out, "best.safetensors"));
    expect(best).toMatchObject({ step: lowest.step, facts: { phase: "render", figure: "loss.generator", better: "lower", system: "et-gan-acw" } });
    expect(Number(best.facts["value"])).toBeCloseTo(lowest["loss.generator"], 4);
    expect([...best.vectors.keys()].filter((name) => !/^(average|state)\./.test(name))).toEqual([]);
    const written = await exportModel(out, folder.path("best-model"), { licence: "none", which: "best" });
    expect(written).toBe(await exportModel(join(out, "best.safetensors"), folder.path("same-model"), { licence: "none" }));
    expect(JSON.parse(await readFile(folder.path("best-model/model.json"), "utf8"))).toMatchObject({ training: { steps: lowest.step } });
  });

  it("in each phase the record begins anew, falls with every better value, and outlives a stop", async () => {
    const entries = await journalOf(out);
    for (const [phase, figure] of [["motion", "place"], ["render", "loss.generator"]] as const) {
      let record = Infinity;
      const expected = entries.flatMap((entry) => {
        const value = entry[figure] as number;
        if (entry.kind !== "validation" || entry.phase !== phase || !(value < record)) return [];
        record = value;
        return [entry.step];
      });
      expect(entries.filter((entry) => entry.kind === "best" && entry.phase === phase).map(({ step }) => step)).toEqual(expected);
    }
  });

  it("a system names the figure that decides; worse values, equal ones and missing ones change nothing", async () => {
    const place = folder.path("kept");
    await mkdir(place);
    const phase = { ...toySystem(false).phases[0]!, judgedBy: { figure: "likeness", better: "higher" as const } };
    expect(judgementOf(toySystem(false).phases[0]!)).toEqual({ figure: "loss.net", better: "lower" });
    const run = { system: toySystem(false), systemConfig: 2, contract: { fps: 25 }, config: { seed: 0, phases: [] }, train: [], tables: new Map([["net", { specs: [], state: { size: 0, specs: [] } }]]), options: { out: place }, journal: new Journal(null) } as unknown as Run;
    const steps: number[] = [];
    let keeper = await BestKeeper.open(place);
    for (const [i, value] of [0.2, 0.1, 0.2, 0.5, undefined, 0.4, 0.6].entries()) {
      if (i === 5) keeper = await BestKeeper.open(place); // as after a stop
      await keeper.offer(run, phase, new Map([["average.net", Float32Array.of(i)], ["theta.net", Float32Array.of(9)]]), i, value === undefined ? {} : { likeness: value });
      steps.push((await readCheckpoint(join(place, "best.safetensors"))).step);
    }
    expect(steps).toEqual([0, 0, 0, 3, 3, 3, 6]);
    expect([...(await readCheckpoint(join(place, "best.safetensors"))).vectors]).toEqual([["average.net", Float32Array.of(6)]]);
    await writeFile(join(place, "best.safetensors"), "broken");
    await (await BestKeeper.open(place)).offer(run, phase, new Map([["average.net", Float32Array.of(1)]]), 7, { likeness: 0 });
    expect((await readCheckpoint(join(place, "best.safetensors"))).step).toBe(7);
  });

  it("a run's checkpoint is found by what it is", async () => {
    expect((await findCheckpoint(out, "latest")).step).toBe(16);
    const [older] = (await readdir(out)).filter((name) => name.startsWith("checkpoint-")).sort();
    expect((await findCheckpoint(out, older!)).path).toBe(join(out, older!));
    await expect(findCheckpoint(out, "../run/best.safetensors")).rejects.toThrow(/expected best, latest or the name of a file/);
    await expect(findCheckpoint(join(out, older!), "best")).rejects.toThrow(/is a file/);
    await expect(findCheckpoint(folder.path("kept"), "latest")).rejects.toThrow(/holds no checkpoint/);
    await expect(findCheckpoint(folder.path("data"), "best")).rejects.toThrow(/no such checkpoint/);
    await expect(findCheckpoint(folder.path("nowhere"), "latest")).rejects.toThrow(/nowhere: no such file/);
  });
});

describe("the page of a run", () => {
  const program = findBrowser();

  it("talkface report writes what training wrote", async () => {
    const own = await readFile(join(out, "report.html"), "utf8");
    const other = folder.path("other.html");
    expect(runTalkface(["report", out, "--out", other])).toMatchObject({ status: 0, stdout: `${other}\n` });
    expect(await readFile(other, "utf8")).toBe(own);
    expect(runTalkface(["report", out, "--out", other]).stderr).toMatch(/exists already/);
    expect(runTalkface(["report", folder.path("data")])).toMatchObject({ status: 1, stderr: expect.stringMatching(/config\.json: no such file/) });
  });

  it("leaves out what a resumed run did anew, and refuses a journal that is none", async () => {
    const copy = folder.path("copy");
    await mkdir(copy);
    await copyFile(join(out, "config.json"), join(copy, "config.json"));
    const line = (step: number, loss: number): string => `${JSON.stringify({ kind: "train", step, phase: "motion", "loss.generator": loss })}\n`;
    await writeFile(join(copy, "metrics.jsonl"), `${line(2, 3)}${line(4, 5)}${line(8, 777)}${JSON.stringify({ kind: "resumed", step: 4, phase: "motion" })}\n${line(6, 7)}`);
    const text = await runPage(copy);
    expect(text).toMatch(/step 6 of 16/);
    expect(text).toMatch(/training 3\.00 to 7\.00/);
    await writeFile(join(copy, "metrics.jsonl"), '{"kind":"<b>","step":1,"phase":"a"}\n');
    await expect(runPage(copy)).rejects.toThrow(/entry 1 is no journal entry/);
  });

  it.skipIf(program === null)("opens in a browser alone: curves, sheets with the newest first, shares, settings (skipped where no Chromium is found)", async () => {
    const browser = new Browser(program!);
    try {
      const page = await browser.open(join(out, "report.html"), { width: 1200, height: 900 });
      expect(await page.evaluate("[...document.querySelectorAll('main section')].map(({ id }) => id)")).toEqual(["state", "samples", "curves", "shares", "events", "settings"]);
      expect(await page.evaluate("[...document.querySelectorAll('.choice option')].map(({ textContent }) => textContent)")).toEqual(["step 16, render", "step 14, render"]);
      expect(await page.evaluate<number[]>("Promise.all([...document.querySelectorAll('img')].map((image) => image.decode().then(() => image.naturalWidth)))")).toEqual([expect.any(Number), expect.any(Number)]);
      const legends = await page.evaluate<string[]>("[...document.querySelectorAll('#curves .legend')].map(({ textContent }) => textContent)");
      expect(legends.length).toBeGreaterThan(5);
      expect(new Set(legends)).toEqual(new Set(["trainingvalidation"]));
      expect(await page.evaluate("[...document.querySelectorAll('#shares .legend li')].map(({ textContent }) => textContent)")).toEqual(["identity", "expression", "speech", "position"]);
      expect(page.complaints).toEqual([]);
      expect(page.requests.filter((url) => !/^(file|data):/.test(url))).toEqual([]);
      const narrow = await browser.open(join(out, "report.html"), { width: 360, height: 800 });
      expect(await narrow.evaluate("document.documentElement.scrollWidth")).toBe(360);
    } finally {
      await browser.close();
    }
  }, 60_000);
});
