/** GRID (Cooke et al. 2006): 34 speakers, 1000 sentences of six words each; sentence and words from file name and `.align`. */
import { readText } from "../../base/files.js";
import { videoExtensions } from "../inputs.js";
import type { Word } from "../manifest.js";
import { type Corpus, type CorpusFile, Finding, readFacts, splitByPerson, walkAll } from "./corpus.js";

/** The six slots of a sentence, by the letters of the file name. */
const letters = Object.fromEntries([..."abcdefghijklmnopqrstuvxyz"].map((letter) => [letter, letter]));
const grammar: readonly Readonly<Record<string, string>>[] = [
  { b: "bin", l: "lay", p: "place", s: "set" },
  { b: "blue", g: "green", r: "red", w: "white" },
  { a: "at", b: "by", i: "in", w: "with" },
  letters,
  { z: "zero", 1: "one", 2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight", 9: "nine" },
  { a: "again", n: "now", p: "please", s: "soon" },
];
const slots = ["command", "colour", "preposition", "letter", "digit", "adverb"] as const;

/** Units of an `.align` file: 1000 a frame at 25 frames a second. */
const unitsPerSecond = 25_000;

/**
 * Folders of the Zenodo archive `alignments.zip` do not hold their own speaker: true speaker -> folder (found by lhotse's recipe for GRID).
 */
const shuffledFolders: Readonly<Record<string, string>> = {
  s5: "s6", s6: "s5", s10: "s13", s11: "s10", s12: "s11", s13: "s12", s14: "s15", s15: "s14", s18: "s19", s19: "s18", s20: "s21", s22: "s23", s23: "s22",
  s26: "s27", s27: "s26", s28: "s29", s29: "s28", s32: "s33", s33: "s32",
};

export const grid: Corpus = {
  name: "grid",
  title: "GRID: sN/**/NAME.mpg with NAME.align anywhere below",
  splits: ["sda", "lipnet", "atvgnet"],
  async find(root, options) {
    const facts = readFacts("grid");
    const splitOf = splitByPerson(facts, options.splits);
    const files = await walkAll(root);
    const alignments = indexOf(files.filter(({ extension }) => extension === ".align"));
    const sounds = indexOf(files.filter(({ extension }) => extension === ".wav"));
    const finding = new Finding(root, facts, options);
    for (const file of bestVideos(files)) {
      const speaker = speakerOf(file);
      const sentence = decode(file.name);
      if (speaker === null || sentence === null) {
        finding.reject(file.path, "bad-name", speaker === null ? "no folder of its path is a speaker (s1 to s34)" : `${file.name} is no sentence of GRID's grammar`);
        continue;
      }
      const words = await wordsOf(alignments(speaker, file.name), sentence);
      if (words === null) {
        finding.reject(file.path, "no-partner", `no ${file.name}.align with the words "${sentence.join(" ")}"`);
        continue;
      }
      const labels = { speaker, sentence: sentence.join(" "), ...Object.fromEntries(slots.map((slot, i) => [slot, sentence[i]!])) };
      await finding.add(`${speaker} ${file.name}`, { path: file.path, wavPath: sounds(speaker, file.name)[0]?.path ?? null, person: `grid_${speaker}`, split: splitOf(speaker), labels, words });
    }
    return finding.list(({ labels, path }) => [String(labels["speaker"]), path]);
  },
};

/** The six words of a file name, or null. */
function decode(name: string): string[] | null {
  const words = [...name.toLowerCase()].map((code, i) => grammar[i]?.[code]);
  return words.length === 6 && words.every((word) => word !== undefined) ? (words as string[]) : null;
}

/** The nearest folder that is named as a speaker; `uN` are speakers whose number is not known. */
function speakerOf({ parts }: CorpusFile): string | null {
  return parts.slice(0, -1).findLast((part) => /^[su]\d{1,2}$/i.test(part))?.toLowerCase() ?? null;
}

/** Of each sentence of a speaker one video, the one of higher quality. */
function bestVideos(files: readonly CorpusFile[]): CorpusFile[] {
  const best = new Map<string, CorpusFile>();
  for (const file of files) {
    if (!videoExtensions.has(file.extension)) continue;
    const key = `${speakerOf(file) ?? file.parts.join("/")} ${file.name}`;
    if (!best.has(key) || file.parts.includes("mpg_6000")) best.set(key, file);
  }
  return [...best.values()];
}

type Lookup = (speaker: string, name: string) => readonly CorpusFile[];

/** Files of a sentence, the most likely first: of the speaker's own folder, of the one that archive has shuffled, of no speaker's folder. */
function indexOf(files: readonly CorpusFile[]): Lookup {
  const byName = new Map<string, CorpusFile[]>();
  for (const file of files) byName.set(file.name, [...(byName.get(file.name) ?? []), file]);
  return (speaker, name) => {
    const all = byName.get(name) ?? [];
    const rank = (file: CorpusFile): number => {
      const own = speakerOf(file);
      const isShuffled = file.parts.includes("alignments");
      const wanted = isShuffled ? (shuffledFolders[speaker] ?? speaker) : speaker;
      return own === wanted ? 0 : own === null ? 1 : 2;
    };
    return all.filter((file) => rank(file) < 2).sort((a, b) => rank(a) - rank(b));
  };
}

/** Words with their times from the first file that has the words of the name, or null. */
async function wordsOf(files: readonly CorpusFile[], sentence: readonly string[]): Promise<Word[] | null> {
  for (const { path } of files) {
    const words = parseAlign(await readText(path));
    if (words !== null && words.map(({ word }) => word).join(" ") === sentence.join(" ")) return words;
  }
  return null;
}

/** Lines `start end token`; silences (`sil`, `sp`) are left out. Null where a line is something else. */
export function parseAlign(text: string): Word[] | null {
  const lines = text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  const words = lines.map((line) => {
    const [, start, end, word] = /^(\d{1,9})\s+(\d{1,9})\s+([a-z]+)$/i.exec(line) ?? [];
    return word === undefined ? null : { word: word.toLowerCase(), start: Number(start) / unitsPerSecond, end: Number(end) / unitsPerSecond };
  });
  if (words.some((word) => word === null)) return null;
  return (words as Word[]).filter(({ word }) => word !== "sil" && word !== "sp");
}
