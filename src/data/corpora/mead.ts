/** MEAD (Wang et al. 2020): actors with eight emotions at three levels from seven sides; sound apart from the pictures. */
import { videoExtensions } from "../inputs.js";
import type { Split } from "../manifest.js";
import { type Corpus, type CorpusFile, Finding, readFacts, splitByPerson, walkAll } from "./corpus.js";
import { emotions, meadGaps, type Place, views } from "./mead-gaps.js";

const soundExtensions = new Set([".m4a", ".wav", ".aac", ".mp3"]);

/** Pages of the old release of M003, `M003_PAGE_LEVEL_output_NN`: emotion by first page. */
const oldPages: readonly (readonly [first: number, emotion: (typeof emotions)[number]])[] = [
  [1, "angry"], [9, "disgusted"], [17, "contempt"], [25, "fear"], [34, "happy"], [44, "sad"], [53, "surprised"], [62, "neutral"],
];
const lastPage = 73;

export const mead: Corpus = {
  name: "mead",
  title: "MEAD: ID/video/VIEW/EMOTION/level_K/NNN.mp4 with ID/audio/EMOTION/level_K/NNN.m4a",
  splits: ["evp", "official"],
  async find(root, options) {
    const facts = readFacts("mead");
    const byActor = splitByPerson(facts, options.splits);
    const files = await walkAll(root);
    const sounds = new Map<string, string>();
    for (const file of files) {
      const place = soundExtensions.has(file.extension) ? placeOf(file) : null;
      if (place !== null) sounds.set(soundKey(place), file.path);
    }
    const clips: { file: CorpusFile; place: Place }[] = [];
    const finding = new Finding(root, facts, options);
    for (const file of files) {
      if (!videoExtensions.has(file.extension)) continue;
      const place = placeOf(file);
      if (place === null) finding.reject(file.path, "bad-name", "expected ID/video/VIEW/EMOTION/level_K/NNN");
      else clips.push({ file, place });
    }
    const splitOf = options.splits === "official" ? officialSplit(clips.map(({ place }) => place)) : ({ actor }: Place): Split => byActor(actor);
    for (const { file, place } of clips) {
      const { actor, view, emotion, level, number } = place;
      const labels = { actor, view, emotion, level, number, sex: actor.startsWith("M") ? "male" : "female" };
      const wavPath = sounds.get(soundKey(place)) ?? null;
      await finding.add([actor, view, emotion, level, number].join(" "), { path: file.path, wavPath, prefersWav: true, person: `mead_${actor}`, split: splitOf(place), labels });
    }
    const list = finding.list(({ person }) => ["actors", person]);
    const gaps = meadGaps(clips.map(({ place }) => place), facts.expected["actors"]!, facts.knownGaps);
    return { ...list, expected: [...list.expected, ...gaps] };
  },
};

/** All views of a sentence share its sound. */
function soundKey({ actor, emotion, level, number }: Place): string {
  return [actor, emotion, level, number].join(" ");
}

/** Read from names, wherever they stand in the path: some actors have one more folder in between. */
function placeOf({ parts, name }: CorpusFile): Place | null {
  const old = /^M003_(\d+)_([123])_output_(\d+)$/.exec(name);
  const folders = parts.slice(0, -1);
  const view = folders.find((part) => (views as readonly string[]).includes(part)) ?? "front";
  if (old !== null) {
    const [, page, level, number] = old as unknown as [string, string, string, string];
    const emotion = oldPages.findLast(([first]) => first <= Number(page))?.[1];
    return emotion === undefined || Number(page) > lastPage ? null : { actor: "M003", view, emotion, level: Number(level), number: number.padStart(3, "0") };
  }
  // some lists write F for women
  const actor = folders.findLast((part) => /^[MWF]0\d\d$/.test(part))?.replace(/^F/, "W");
  const emotion = folders.findLast((part) => (emotions as readonly string[]).includes(part));
  const [, level] = folders.map((part) => /^level_([123])$/.exec(part)).findLast((match) => match !== null) ?? [];
  if (actor === undefined || emotion === undefined || level === undefined || !/^\d{3}$/.test(name)) return null;
  return { actor, view, emotion, level: Number(level), number: name };
}

/** Of each actor the last ten neutral sentences, and the last six of every other emotion at each level, are the test set (MEAD's README). */
function officialSplit(places: readonly Place[]): (place: Place) => Split {
  const numbers = new Map<string, Set<string>>();
  const cell = ({ actor, emotion, level }: Place): string => [actor, emotion, level].join(" ");
  for (const place of places) (numbers.get(cell(place)) ?? numbers.set(cell(place), new Set()).get(cell(place))!).add(place.number);
  const test = new Map([...numbers].map(([key, all]) => [key, new Set([...all].sort().slice(key.includes(" neutral ") ? -10 : -6))]));
  return (place) => (test.get(cell(place))!.has(place.number) ? "test" : "train");
}
