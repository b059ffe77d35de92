/** LRW (Chung & Zisserman 2016): clips of 29 frames with one of 500 words in the middle; the split is that of the folder. */
import { exists, readText } from "../../base/files.js";
import { videoExtensions } from "../inputs.js";
import type { Split, Word } from "../manifest.js";
import { type Corpus, Finding, readFacts, splitByPerson, walk } from "./corpus.js";

/** Middle of a clip in seconds: 29 frames at 25 a second. */
const centre = 0.58;
const folders: ReadonlySet<string> = new Set<Split>(["train", "val", "test"]);

export const lrw: Corpus = {
  name: "lrw",
  title: "LRW: WORD/train|val|test/WORD_NNNNN.mp4 with WORD_NNNNN.txt beside",
  splits: ["official"],
  async find(root, options) {
    const facts = readFacts("lrw");
    splitByPerson(facts, options.splits);
    const finding = new Finding(root, facts, options);
    for await (const { path, parts, name, extension } of walk(root)) {
      if (!videoExtensions.has(extension)) continue;
      const [word = "", split = ""] = parts.slice(-3);
      if (!folders.has(split) || !/^[A-Z']+_\d{5}$/.test(name) || name.slice(0, -6) !== word) {
        finding.reject(path, "bad-name", "expected WORD/train|val|test/WORD_NNNNN");
        continue;
      }
      const seconds = await durationOf(path.replace(/\.[^.]*$/, ".txt"));
      if (seconds === "bad") {
        finding.reject(path, "no-partner", `${name}.txt has no line "Duration: SECONDS seconds" of a duration within the clip`);
        continue;
      }
      const spoken = word.toLowerCase();
      // speakers have no names, and the same ones are in several splits
      const clip = { path, wavPath: null, person: `lrw_${name}`, split: split as Split, labels: { word: spoken } };
      const words = (length: number): Word[] => [{ word: spoken, start: centre - length / 2, end: centre + length / 2 }];
      await finding.add(name, seconds === null ? clip : { ...clip, labels: { word: spoken, word_seconds: seconds }, words: words(seconds) });
    }
    return finding.list(({ split, path }) => [split, path]);
  },
};

/** Seconds that the word takes; null where there is no such file, "bad" where it does not say. */
async function durationOf(path: string): Promise<number | null | "bad"> {
  if (!(await exists(path))) return null;
  const [, text] = /^Duration:\s*([\d.]+)/m.exec(await readText(path)) ?? [];
  const seconds = Number(text);
  return text !== undefined && seconds > 0 && seconds <= 2 * centre ? seconds : "bad";
}
