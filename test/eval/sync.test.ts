/** The toolkit's own judge of lip-sync on videos whose face is not there all the time, and against foreign speech. */
import { mkdirSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { shuffledControl, withControls } from "../../src/eval/controls.js";
import { evaluate } from "../../src/eval/evaluate.js";
import type { Pairing } from "../../src/eval/frame-pairs.js";
import { planOfPaths } from "../../src/eval/pairs.js";
import { metricsOf } from "../../src/eval/registry.js";
import { type Evaluation, remarksOf, valueOf } from "../../src/eval/summary.js";
import type { Plan } from "../../src/eval/units.js";
import { planClips, writePersonaClip } from "../../src/media/persona/clips.js";
import { runFfmpeg, testFolder } from "../support/media-files.js";

const folder = testFolder("eval-sync");
const metrics = metricsOf(["sync"]);
const plain: Pairing = { frames: "truncate", crop: "none", size: null, resize: false };
const score = (plan: Plan, pairing = plain): Promise<Evaluation> => evaluate(plan, metrics, { pairing, jobs: 2, keep: null, onProgress: () => undefined });

beforeAll(async () => {
  for (const path of ["faces", "made", "real"]) mkdirSync(folder.path(path));
  const [clip] = planClips(1, 900, 2, 128, ["neutral"]);
  await writePersonaClip(folder.path("faces/whole"), clip!, { force: false });
  const variant = (path: string, options: readonly string[]): Promise<void> => runFfmpeg(["-i", folder.path("faces/whole.mp4"), "-c:a", "copy", "-crf", "16", ...options, folder.path(path)]);
  const hidden = (when: string): string[] => ["-vf", `drawbox=c=gray:t=fill:enable='${when}'`];
  await variant("faces/late.mp4", hidden("lt(n,10)"));
  await variant("faces/rare.mp4", hidden("gte(n,10)"));
  for (const side of ["made", "real"]) {
    await variant(`${side}/long.mp4`, []);
    await variant(`${side}/short.mp4`, ["-t", "1.6"]);
  }
}, 120_000);
afterAll(folder.remove);

it("holds lips against the sound of the same instant where the face comes late, and says nothing of a face that is hardly seen", async () => {
  const plan = await planOfPaths([folder.path("faces")], null);
  const { clips } = await score(plan);
  const cut = await score({ ...plan, units: plan.units.filter(({ clip }) => clip !== "rare") }, { ...plain, crop: "face" });
  for (const each of [clips, cut.clips]) {
    const of = (name: string, value: string): number | null => valueOf(each.find(({ clip }) => clip === name)!, metrics[0]!, value);
    expect(of("whole", "sync")).toBeGreaterThan(0.2);
    expect(of("late", "sync-offset")).toBe(of("whole", "sync-offset"));
  }
  expect(remarksOf({ clips, systems: [] })).toContainEqual(expect.stringMatching(/^rare: no sync: 1\d frames show a face, at least 24 are needed$/));
});

it("does not hold lips against the sound where even sampling has taken frames out", async () => {
  const found = await score(await planOfPaths([folder.path("made/long.mp4")], folder.path("real/short.mp4")), { ...plain, frames: "even" });
  expect(remarksOf(found)[0]).toMatch(/^long\.mp4: no sync: even sampling leaves out frames of the made video \(50 frames, 40 real\)/);
  const other = await score(await planOfPaths([folder.path("made/short.mp4")], folder.path("real/long.mp4")), { ...plain, frames: "even" });
  expect(other.systems[0]!.scores["sync"]).toMatchObject({ n: 1, of: 1 });
});

it("does not blame a clip for the length of the one that lends its speech", async () => {
  const plan = withControls(await planOfPaths([folder.path("made")], folder.path("real")), metrics);
  const found = await score({ ...plan, units: plan.units.filter(({ system }) => system === shuffledControl) });
  expect(found.systems.find(({ name }) => name === shuffledControl)!.scores["sync"]).toMatchObject({ n: 2, of: 2 });
  expect(remarksOf(found)).toEqual([]);
});
