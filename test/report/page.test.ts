/** Pages in a real browser: they open without a network and without complaints, sort, choose, play and fit. */
import { writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeJpeg } from "../../src/media/image.js";
import { openVideoWriter } from "../../src/media/video-writer.js";
import { curves } from "../../src/report/curves.js";
import { distribution } from "../../src/report/distribution.js";
import { chooser, type Footage, players, strips } from "../../src/report/footage.js";
import { dataUri, html } from "../../src/report/html.js";
import { page } from "../../src/report/page.js";
import { facts, table } from "../../src/report/table.js";
import { Browser, type BrowserPage, findBrowser } from "../support/browser.js";
import { testFolder } from "../support/media-files.js";

const folder = testFolder("report");
const program = findBrowser();
const hostile = `<img src=x onerror="document.title='broken in'">"'&`;

async function footage(name: string, level: number, hasSound: boolean): Promise<Footage> {
  const path = folder.path(`${level}.mp4`);
  const writer = await openVideoWriter({ path, width: 64, height: 48, ...(hasSound ? { audio: { samples: Float32Array.from({ length: 16000 }, (_, i) => 0.1 * Math.sin(i / 9)), sampleRateHz: 16000 } } : {}) });
  for (let t = 0; t < 25; t++) await writer.write({ data: new Uint8Array(64 * 48 * 3).fill(level + t), width: 64, height: 48 });
  await writer.finish();
  const poster = dataUri("image/jpeg", await encodeJpeg({ data: new Uint8Array(64 * 48 * 3).fill(level), width: 64, height: 48 }, 80));
  return { name, uri: dataUri("video/mp4", await readFile(path)), poster, width: 320, height: 240, hasSound };
}

async function write(): Promise<string> {
  const wave = (shift: number): number[] => Array.from({ length: 50 }, (_, t) => (t % 10 === 3 ? Number.NaN : Math.sin(t / 6 + shift)));
  const picture = dataUri("image/jpeg", await encodeJpeg({ data: new Uint8Array(64 * 48 * 3).fill(120), width: 64, height: 48 }, 80));
  const videos = [await footage("real", 60, true), await footage("made", 120, false)];
  const values = [3, 1, 10, 2].map((value, i) => ({ value, name: `clip ${i}` }));
  const rows = values.map(({ value, name }) => [{ text: name }, { text: `${value} dB`, sort: value }, { text: value === 10 ? hostile : "fine" }]);
  const view = html`${players(videos, "videos of the clip")}${strips([{ name: "real", pictures: [picture, picture], times: [0, 0.5] }])}`;
  const text = page({
    title: "Report",
    subtitle: hostile,
    sections: [
      { id: "scores", title: "Scores", lead: "How it went.", content: table([{ title: "Clip", kind: "text" }, { title: "Score", kind: "number" }, { title: "Remark", kind: "prose" }], [...rows, [{ text: "clip 4" }, { text: "–", sort: null }, { text: "" }]], { caption: "Scores", leadsTo: (row) => (row < 2 ? `clip-${row}` : null) }) },
      { id: "plots", title: "Plots", content: html`<div class="grid-of-plots">${curves([{ name: hostile, values: wave(0), colour: 0 }, { name: "b", values: wave(1), colour: 1 }], { title: "wave", unit: "px", along: "seconds", perUnit: 25 })}${distribution([{ name: "a", colour: 0, values, mean: 4, interval: [2, 7] }], { title: "score", unit: "dB" })}</div>` },
      { id: "views", title: "Clips", content: chooser("Clip", [{ id: "clip-0", name: "clip 0", content: view }, { id: "clip-1", name: hostile, content: html`<p>second</p>` }]) },
      { id: "nothing", title: "Nothing", content: null },
      { id: "settings", title: "Settings", content: facts([["crop", hostile]]) },
    ],
    footer: "The end.",
  });
  writeFileSync(folder.path("report.html"), text);
  return folder.path("report.html");
}

afterAll(folder.remove);

describe.skipIf(program === null)("a page in a browser (skipped where no Chromium is found: CHROME_PATH names one)", () => {
  let browser: Browser;
  let opened: BrowserPage;
  beforeAll(async () => {
    browser = new Browser(program!);
    opened = await browser.open(await write(), { width: 1200, height: 900 });
  }, 60_000);
  afterAll(() => browser?.close());

  it("opens alone: nothing is fetched, nothing runs that came in with the data, every section has its name", async () => {
    expect(await opened.evaluate("document.title")).toBe("Report");
    expect(await opened.evaluate("[...document.querySelectorAll('main section h2')].map((head) => head.textContent)")).toEqual(["Scores", "Plots", "Clips", "Settings"]);
    expect(await opened.evaluate("document.querySelector('dd').textContent")).toBe(hostile);
    expect(opened.complaints).toEqual([]);
    expect(opened.requests.filter((url) => !/^(file|data):/.test(url))).toEqual([]);
    // The policy holds: a page that was tampered with could not send anything either.
    expect(await opened.evaluate("fetch('https://example.org/').then(() => 'sent', () => 'refused')")).toBe("refused");
  });

  it("sorts by value both ways, what has none last", async () => {
    const order = "[...document.querySelectorAll('tbody tr')].map((row) => row.cells[0].textContent).join()";
    const click = (column: number): Promise<unknown> => opened.evaluate(`document.querySelectorAll('thead button')[${column}].click()`);
    await click(1);
    expect(await opened.evaluate(order)).toBe("clip 1,clip 3,clip 0,clip 2,clip 4");
    expect(await opened.evaluate("document.querySelectorAll('thead th')[1].getAttribute('aria-sort')")).toBe("ascending");
    await click(1);
    expect(await opened.evaluate(order)).toBe("clip 2,clip 0,clip 3,clip 1,clip 4");
    await click(0);
    expect(await opened.evaluate(order)).toBe("clip 0,clip 1,clip 2,clip 3,clip 4");
  });

  it("shows one clip at a time, chosen from the list or by its row", async () => {
    const shown = "[...document.querySelectorAll('article')].map((article) => !article.hidden).join()";
    expect(await opened.evaluate(shown)).toBe("true,false");
    await opened.evaluate("document.querySelector('.step[data-step=\"1\"]').click()");
    expect(await opened.evaluate(shown)).toBe("false,true");
    await opened.evaluate("document.querySelector('tr[data-row=\"clip-0\"]').click()");
    expect(await opened.evaluate(shown)).toBe("true,false");
  });

  it("plays all videos together, with the sound of one", async () => {
    const state = await opened.evaluate<{ times: number[]; muted: boolean[]; label: string }>(`(async () => {
      const videos = [...document.querySelectorAll("video")];
      const ended = new Promise((resolve) => videos[0].addEventListener("ended", resolve));
      document.querySelector(".play").click();
      await ended;
      return { times: videos.map((video) => video.currentTime), muted: videos.map((video) => video.muted), label: document.querySelector(".play").textContent };
    })()`);
    for (const time of state.times) expect(time).toBeGreaterThan(0.85);
    expect(state).toMatchObject({ muted: [false, true], label: "Play" });
    const sought = await opened.evaluate<number[]>(`(async () => {
      const seek = document.querySelector(".seek");
      const videos = [...document.querySelectorAll("video")];
      const there = Promise.all(videos.map((video) => new Promise((resolve) => video.addEventListener("seeked", resolve, { once: true }))));
      seek.value = 0.4;
      seek.dispatchEvent(new Event("input"));
      await there;
      return videos.map((video) => video.currentTime);
    })()`);
    expect(sought).toEqual([0.4, 0.4]);
  });

  it("fits a narrow window, light and dark", async () => {
    const colours: string[] = [];
    for (const dark of [false, true]) {
      const narrow = await browser.open(folder.path("report.html"), { width: 360, height: 800, dark });
      expect(await narrow.evaluate("document.documentElement.scrollWidth")).toBe(360);
      colours.push(await narrow.evaluate("getComputedStyle(document.body).backgroundColor"));
      const contrast = await narrow.evaluate<number>(`(() => {
        const light = (text) => text.match(/[\\d.]+/g).slice(0, 3).map((c) => { const v = c / 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
        const [a, b] = [light(getComputedStyle(document.querySelector(".lead")).color), light(getComputedStyle(document.querySelector("section")).backgroundColor)];
        return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      })()`);
      expect(contrast).toBeGreaterThan(4.5);
    }
    expect(new Set(colours).size).toBe(2);
  });

  it("says what plots, pictures and controls are to who does not see them", async () => {
    expect(await opened.evaluate("[...document.querySelectorAll('svg')].every((plot) => plot.getAttribute('aria-label').length > 10)")).toBe(true);
    expect(await opened.evaluate("[...document.querySelectorAll('img')].every((image) => image.alt !== '')")).toBe(true);
    expect(await opened.evaluate("[...document.querySelectorAll('input, select')].every((control) => control.labels.length > 0 || control.getAttribute('aria-label'))")).toBe(true);
    expect(await opened.evaluate("[...document.querySelectorAll('section')].every((section) => document.getElementById(section.getAttribute('aria-labelledby')))")).toBe(true);
  });
});
