/** Parts of pages without a browser. */
import { describe, expect, it } from "vitest";
import { decodeImage, drawSvg } from "../../src/media/image.js";
import { fittingScale, placeOf, scaleOf, tickText } from "../../src/report/axis.js";
import { curves } from "../../src/report/curves.js";
import { distribution } from "../../src/report/distribution.js";
import { escapeHtml, html } from "../../src/report/html.js";
import { pictureOf } from "../../src/report/plot-picture.js";

describe("parts of pages", () => {
  it("escape what is no HTML yet, wherever it stands", () => {
    const bad = `<script>"'&</script>`;
    expect(html`<p title="${bad}">${[bad, html`<b>${bad}</b>`]}${null}${3}</p>`.text).toBe(`<p title="${escapeHtml(bad)}">${escapeHtml(bad)}<b>${escapeHtml(bad)}</b>3</p>`);
    expect(escapeHtml(bad)).not.toMatch(/[<>"']/);
  });

  it("have scales that hold every value and mark round numbers", () => {
    const cases: [number[], number[]][] = [
      [[0.62, 0.97], [0.6, 0.7, 0.8, 0.9, 1]],
      [[-3, 12], [-5, 0, 5, 10, 15]],
      [[24.1, 31.8], [24, 26, 28, 30, 32]],
    ];
    for (const [values, ticks] of cases) expect(scaleOf(values).ticks.map((tick) => Number(tick.toFixed(6)))).toEqual(ticks);
    for (const values of [[5], [0, 0], [], [Number.NaN], [1e-7, 3e-7], [1e9, 1e9 + 1]]) {
      const { low, high, ticks, decimals } = scaleOf(values);
      expect(high, String(values)).toBeGreaterThan(low);
      expect(ticks.length).toBeLessThan(12);
      expect(new Set(ticks.map((tick) => tick.toFixed(decimals))).size).toBe(ticks.length);
      for (const value of values.filter(Number.isFinite)) expect(value >= low && value <= high).toBe(true);
    }
  });

  it("take a logarithmic scale where values reach far, and only then", () => {
    const far = fittingScale([0.002, 0.5, 41, Number.NaN]);
    expect(far.isLogarithmic).toBe(true);
    expect(far.ticks.map((tick) => tickText(far, tick))).toEqual(["0.001", "0.01", "0.1", "1", "10", "100"]);
    expect([0.001, 0.1, 100].map((value) => placeOf(far, value, 50))).toEqual([0, expect.closeTo(20), expect.closeTo(50)]);
    const farther = fittingScale([1e-9, 1e9]);
    expect(farther.ticks.length).toBeLessThan(8);
    expect(tickText(farther, farther.ticks[0]!)).toBe("1e-9");
    for (const values of [[1, 29], [0, 100], [-1, 1000], [5], [], [Number.NaN]]) expect(fittingScale(values)).toEqual(scaleOf(values));
  });

  it("write what stands below the ends of an axis within the drawing", () => {
    const { text } = distribution([{ name: "a", colour: 0, values: [{ value: 1, name: "x" }, { value: 1.008, name: "y" }], mean: 1.004, interval: null }], { title: "t", unit: "" });
    const ticks = [...text.matchAll(/class="tick( [a-z]+)?" x="([\d.]+)" y="\d+">([\d.]+)</g)].map(([, side = "", x, value]) => `${value}${side} ${x}`);
    expect(ticks).toEqual(["1.000 0", expect.stringMatching(/^1\.002 middle /), expect.stringMatching(/^1\.004 middle /), expect.stringMatching(/^1\.006 middle /), "1.008 end 560"]);
  });

  it("mark where something begins, on the side that has room", () => {
    const { text } = curves([{ name: "a", values: [1, 2, 3, 4], steps: [0, 10, 20, 30], colour: 0 }], { title: "t", unit: "", along: "steps", marks: [{ at: 5, name: "early" }, { at: 25, name: "late" }, { at: 90, name: "never" }] });
    expect([...text.matchAll(/class="tick( end)?" x="[\d.]+" y="\d+">([a-z]+)</g)].map(([, end = "", name]) => `${name}${end}`)).toEqual(["steps end", "early", "late end"]);
  });

  it("make a picture by themselves, and escape what they are told", async () => {
    const options = { title: "a & b", unit: "<dB>", along: "seconds", perUnit: 25 };
    const list = [0, 1].map((colour) => ({ name: `<${colour}>`, values: [0, 1, 0.5], colour }));
    const { text } = pictureOf({ title: "<x>", plots: [{ list, options }, { list: list.slice(0, 1), options }] });
    expect(text).not.toMatch(/var\(|<x>|<dB>|<0>/);
    expect(text.match(/class="key/g)).toHaveLength(2); // a lone line needs no legend
    const [, width, height] = /width="(\d+)" height="(\d+)"/.exec(text)!.map(Number);
    const image = await decodeImage(await drawSvg(text, 1), "plots");
    expect(image).toMatchObject({ width, height });
    const isBlue = (i: number): boolean => image.data[i]! < 60 && image.data[i + 2]! > 150;
    expect(Array.from({ length: image.width * image.height }, (_, i) => 3 * i).filter(isBlue).length).toBeGreaterThan(500);
  });

  it("draw long curves with few points, and leave gaps where there is no value", () => {
    const path = (values: number[]): string => /class="line c0" d="([^"]*)"/.exec(curves([{ name: "a", values, colour: 0 }], { title: "t", unit: "", along: "frames" }).text)![1]!;
    expect(path([1, 2, Number.NaN, 3, Number.NaN, 4, 5]).match(/M/g)).toHaveLength(3);
    expect(path(Array.from({ length: 90_000 }, (_, i) => Math.sin(i / 1000))).length).toBeLessThan(8000);
    expect(path([Number.NaN, Number.NaN])).toBe("");
    // A value every third frame is due then: one line, but for where it is missing.
    const sampled = Array.from({ length: 16 }, (_, t) => (t % 3 === 0 && t !== 6 ? t : Number.NaN));
    expect(path(sampled).replace(/[^ML]/g, "")).toBe("MLMLL");
    expect(path([Number.NaN, 1, Number.NaN])).toMatch(/^M[\d. ]+h1\.5$/);
    // A mean over neighbours keeps the level.
    expect(path(Array.from({ length: 10_000 }, (_, i) => i % 2))).not.toMatch(/NaN/);
  });
});
