/** CREMA-D (Cao et al. 2014): 91 actors, 12 sentences, 6 emotions; everything is in the file name, and sound is taken from AudioWAV. */
import { parseCsv } from "../../base/csv.js";
import { exists, readText } from "../../base/files.js";
import { join } from "node:path";
import { videoExtensions } from "../inputs.js";
import { type Corpus, Finding, readFacts, splitByPerson, walkAll } from "./corpus.js";

const sentences: Readonly<Record<string, string>> = {
  IEO: "it's eleven o'clock",
  TIE: "that is exactly what happened",
  IOM: "I'm on my way to the meeting",
  IWW: "I wonder what this is about",
  TAI: "the airplane is almost full",
  MTI: "maybe tomorrow it will be cold",
  IWL: "I would like a new alarm clock",
  ITH: "I think I have a doctor's appointment",
  DFA: "don't forget a jacket",
  ITS: "I think I've seen this before",
  TSI: "the surface is slick",
  WSI: "we'll stop in a couple of minutes",
};
const emotions: Readonly<Record<string, string>> = { ANG: "anger", DIS: "disgust", FEA: "fear", HAP: "happiness", NEU: "neutral", SAD: "sadness" };
const levels: Readonly<Record<string, string>> = { LO: "low", MD: "medium", HI: "high", XX: "unspecified" };

export const cremad: Corpus = {
  name: "cremad",
  title: "CREMA-D: VideoFlash/ACTOR_SENTENCE_EMOTION_LEVEL.flv with AudioWAV/*.wav",
  splits: ["sda"],
  async find(root, options) {
    const facts = readFacts("cremad");
    const splitOf = splitByPerson(facts, options.splits);
    const files = await walkAll(root);
    const sounds = new Map(files.filter(({ extension }) => extension === ".wav").map(({ name, path }) => [name, path]));
    const actors = await rowsOf(join(root, "VideoDemographics.csv"), "ActorID");
    const votes = await rowsOf(join(root, "processedResults", "tabulatedVotes.csv"), "fileName");
    const finding = new Finding(root, facts, options);
    for (const { path, name, extension } of files) {
      if (!videoExtensions.has(extension)) continue;
      const [, actor = "", sentence = "", emotion = "", level = ""] = /^(\d{4})_([A-Z]{3})_([A-Z]{3})_([A-Z]{2})$/.exec(name) ?? [];
      if (sentences[sentence] === undefined || emotions[emotion] === undefined || levels[level] === undefined) {
        finding.reject(path, "bad-name", "expected ACTOR_SENTENCE_EMOTION_LEVEL, e.g. 1001_IEO_ANG_HI");
        continue;
      }
      const about = actors.get(actor) ?? {};
      const labels = {
        actor, sentence: sentences[sentence], emotion: emotions[emotion], level: levels[level],
        ...(about["Age"] === undefined ? {} : { age: Number(about["Age"]) }),
        ...Object.fromEntries(["Sex", "Race", "Ethnicity"].flatMap((key) => (about[key] === undefined ? [] : [[key.toLowerCase(), about[key]]]))),
        // what viewers saw in it, which is often not what was meant
        ...(votes.get(name)?.["emoVote"] === undefined ? {} : { voted: votes.get(name)!["emoVote"]! }),
      };
      await finding.add(name, { path, wavPath: sounds.get(name) ?? null, prefersWav: true, person: `cremad_${actor}`, split: splitOf(actor), labels });
    }
    return finding.list(({ path }) => ["clips", path]);
  },
};

/** Rows of a CSV file by the column `key`; none where the file is missing. */
async function rowsOf(path: string, key: string): Promise<Map<string, Record<string, string>>> {
  if (!(await exists(path))) return new Map();
  const [head = [], ...rows] = parseCsv(await readText(path), path);
  const at = head.indexOf(key);
  return new Map(at < 0 ? [] : rows.map((row) => [row[at] ?? "", Object.fromEntries(head.map((name, i) => [name, row[i] ?? ""]))]));
}
