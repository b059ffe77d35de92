/** What scores of clips come to. */
import { describe, expect, it } from "vitest";
import { csvOf, figure, jsonOf, textOf } from "../../src/eval/present.js";
import { metricsOf } from "../../src/eval/registry.js";
import type { UnitResult } from "../../src/eval/score-unit.js";
import { remarksOf, summarise } from "../../src/eval/summary.js";
import type { Plan, Unit } from "../../src/eval/units.js";
import type { Finished, Metric } from "../../src/metrics/metric.js";

const unit = (system: string, clip: string): Unit => ({ system, clip, made: { kind: "file", path: clip }, real: { kind: "file", path: clip }, sound: null, identity: null, emotion: null });
const plan: Plan = {
  systems: ["a", "b"],
  units: ["a", "b"].flatMap((system) => ["one", "two", "three"].map((clip) => unit(system, clip))),
  unpaired: [{ system: "b", clip: "four", problem: "there is nobody" }],
};
const result = (system: string, clip: string, psnr: number | string, notes: string[] = []): UnitResult => {
  const score: Finished = typeof psnr === "string" ? { missing: psnr } : { values: { psnr }, frames: 5 };
  return { system, clip, scores: { psnr: score }, problem: null, notes, frames: { made: 5, real: 6 } };
};
const results = [result("a", "one", 30), result("a", "two", 32), result("a", "three", 37), result("b", "one", 29), result("b", "two", "too dark"), result("b", "three", 33, ["half of it is dark"])];
const metrics = metricsOf(["psnr"]);
const found = summarise(plan, results, metrics, "whole frames");

describe("summary", () => {
  it("counts the clips that have a value, and those that there are", () => {
    const [a, b] = found.systems.map(({ scores }) => scores["psnr"]!);
    expect(a).toMatchObject({ mean: 33, sd: expect.closeTo(Math.sqrt(13), 9), n: 3, of: 3, protocol: expect.stringContaining("whole frames") });
    expect(a!.ci95![0]).toBeGreaterThanOrEqual(30);
    expect(a!.ci95![1]).toBeLessThanOrEqual(37);
    expect(b).toMatchObject({ mean: 31, n: 2, of: 4 });
    expect(summarise(plan, results, metrics, "cut to faces").systems[0]!.scores["psnr"]!.protocolId).not.toBe(a!.protocolId);
  });

  it("compares on the clips that both have", () => {
    expect(found.comparisons).toEqual([{ score: "psnr", a: "a", b: "b", difference: 2.5, ci95: [expect.any(Number), expect.any(Number)], n: 2, p: 0.5 }]);
  });

  it("names everything that was left out", () => {
    expect(remarksOf(found)).toEqual(["b: four: not scored: there is nobody", "b: three: half of it is dark", "b: two: no psnr: too dark"]);
    const text = textOf(found, { perClip: true });
    for (const line of ["b: two: no psnr: too dark", "psnr: a less b  2.500"]) expect(text).toContain(line);
    expect(text).toMatch(/^psnr {3}b +31\.00 +2\.83 .* 2 of 4 {2}dB, higher is better$/m);
    expect(csvOf(found).split("\n")[7]).toBe("b,two,,5,6,psnr: too dark");
    expect(JSON.parse(JSON.stringify(jsonOf(found)))).toMatchObject({ psnr: { n: 3 }, systems: { b: { psnr: { n: 2, of: 4 } } }, comparisons: [{ n: 2 }], clips: expect.arrayContaining([expect.objectContaining({ name: "two", problems: { psnr: "too dark" } })]) });
  });

  it("says the same of every clip once", () => {
    const same = summarise(plan, results.map(({ system, clip }) => result(system, clip, "no network")), metrics, "");
    expect(remarksOf(same)).toEqual(["a: all 3 clips: no psnr: no network", "b: four: not scored: there is nobody", "b: all 3 clips: no psnr: no network"]);
  });

  it("takes scores of a whole set from what clips pool", () => {
    const pooled: Metric = { ...metrics[0]!, name: "rate", scores: [{ name: "rate", unit: "", better: "near 1" }], combine: (pools) => ({ rate: pools.reduce((sum, pool) => sum + pool[0]!, 0) / pools.reduce((sum, pool) => sum + pool[1]!, 0) }) };
    const own = results.map((each, i): UnitResult => ({ ...each, scores: { rate: { values: { rate: i }, frames: 1, pool: [i, 10 * i + 1] } } }));
    expect(summarise(plan, own, [pooled], "").systems[0]!.scores["rate"]).toMatchObject({ mean: 3 / 33, sd: null, ci95: null, n: 3 });
  });

  it("writes a protocol once for all scores and systems that follow it", () => {
    const own = results.map((each): UnitResult => ({ ...each, scores: { "pose-error": { values: { "pose-error": 2, "yaw-error": 1, "pitch-error": 2, "roll-error": 3 }, frames: 5 } } }));
    const text = textOf(summarise(plan, own, metricsOf(["pose-error"]), ""), { perClip: false });
    expect(text.match(/@[0-9a-f]{8}/g)).toHaveLength(4);
    expect(text).toMatch(/^ {2}pose-error@(\w{8}), yaw-error@\1, pitch-error@\1, roll-error@\1: pose-error: yaw, pitch, roll .*; $/m);
  });

  it("writes numbers with the digits that tell something", () => {
    expect([33.0412, 0.92594, -0.070561, 123.456, 0, 0.000147].map((value) => figure(value))).toEqual(["33.04", "0.9259", "-0.0706", "123.46", "0.0000", "1.47e-4"]);
  });
});
