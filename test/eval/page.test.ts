/** The page of an evaluation: everything in one file, the worst clip first. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Browser, findBrowser } from "../support/browser.js";
import { runTalkface } from "../support/command.js";
import { runFfmpeg, testFolder } from "../support/media-files.js";

const folder = testFolder("eval-page");
const [ours, theirs, real] = [folder.path("ours"), folder.path("theirs"), folder.path("real")];
const path = folder.path("pages/report.html");
const names = ["good", "bad & <b>worst", "middling"];

beforeAll(async () => {
  for (const each of [ours, theirs, real]) mkdirSync(each);
  for (const [i, name] of names.entries()) {
    await runFfmpeg(["-f", "lavfi", "-i", "testsrc2=s=64x48:r=25:d=0.6", "-f", "lavfi", "-i", "sine=d=0.6", "-crf", "10", join(real, `${name}.mp4`)]);
    await runFfmpeg(["-i", join(real, `${name}.mp4`), "-c:a", "copy", "-crf", String([20, 45, 32][i]), join(ours, `${name}.mp4`)]);
    if (i < 2) await runFfmpeg(["-i", join(real, `${name}.mp4`), "-an", "-crf", "40", join(theirs, `${name}.mp4`)]);
  }
  writeFileSync(join(theirs, "middling.mp4"), "no video");
}, 120_000);
afterAll(folder.remove);

describe("page of an evaluation", () => {
  it("is written by --html beside the figures, and not over another one", () => {
    const args = ["eval", ours, theirs, real, "--metrics", "psnr,ssim", "--html", path, "--html-clips", "2", "--jobs", "1", "--json"];
    const { status, stdout } = runTalkface(args);
    expect(status).toBe(3);
    expect((JSON.parse(stdout) as { systems: Record<string, { psnr: { n: number; of: number } }> }).systems).toMatchObject({ ours: { psnr: { n: 3, of: 3 } }, theirs: { psnr: { n: 2, of: 3 } } });
    expect(runTalkface(args)).toMatchObject({ status: 1, stderr: expect.stringContaining("--force") });
  });

  it("holds scores, the comparison, the worst clips with videos of all, and what was left out", () => {
    const text = readFileSync(path, "utf8");
    expect([...text.matchAll(/<article data-choice="clip-\d" aria-label="([^"]*)"/g)].map((match) => match[1])).toEqual(["bad &#38; &#60;b&#62;worst", "middling"]);
    expect(text).not.toContain("<b>worst");
    // The real video and those of both systems; of the second clip only one system's can be read.
    expect(text.match(/<video src="data:video\/mp4;base64,/g)).toHaveLength(5);
    expect(text.match(/<img src="data:image\/jpeg;base64,/g)!.length).toBe(5 * 9);
    expect(text).toMatch(/theirs: middling: not scored: .*middling\.mp4/);
    expect(text).toMatch(/psnr@[0-9a-f]{8}<\/code> psnr: RGB, 8 bit/);
    expect(text).toContain('href="../ours/good.mp4"');
    expect(text).not.toMatch(/(src|href)="https?:/);
  });

  const program = findBrowser();
  it.skipIf(program === null)("opens, sorts and plays in a browser (skipped where no Chromium is found)", async () => {
    const browser = new Browser(program!);
    try {
      const page = await browser.open(path, { width: 1200, height: 900 });
      expect(await page.evaluate("[...document.querySelectorAll('section')].map((section) => section.id).join()")).toBe("scores,comparisons,distributions,clips,views,remarks,settings");
      expect(await page.evaluate("document.querySelector('#clips tbody th').textContent")).toBe(names[1]);
      await page.evaluate("document.querySelectorAll('#clips thead button')[0].click()");
      expect(await page.evaluate("[...new Set([...document.querySelectorAll('#clips tbody th')].map((cell) => cell.textContent))].join()")).toBe([...names].sort().join());
      const played = await page.evaluate<number[]>(`(async () => {
        const article = document.querySelector("article");
        const videos = [...article.querySelectorAll("video")];
        const ended = new Promise((resolve) => videos[0].addEventListener("ended", resolve));
        article.querySelector(".play").click();
        await ended;
        return videos.map((video) => video.currentTime);
      })()`);
      // Every video shows its first frame before it plays, and nine frames fit side by side.
      expect(await page.evaluate(`Promise.all([...document.querySelectorAll("video")].map(({ poster }) => new Promise((resolve) => {
        const picture = new Image();
        picture.onload = () => resolve(picture.naturalHeight);
        picture.onerror = () => resolve(0);
        picture.src = poster;
      })))`)).toEqual([48, 48, 48, 48, 48]);
      expect(await page.evaluate("(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)(document.querySelector('.strips').parentElement)")).toBe(0);
      expect(played).toHaveLength(3);
      for (const time of played) expect(time).toBeGreaterThan(0.4);
      expect(page.complaints).toEqual([]);
    } finally {
      await browser.close();
    }
  });
});
