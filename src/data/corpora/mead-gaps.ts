/** What is missing of MEAD, by view, actor, emotion and level. */
import type { ExpectedCount } from "../inputs.js";

export const views = ["front", "left_30", "left_60", "right_30", "right_60", "top", "down"] as const;
export const emotions = ["angry", "contempt", "disgusted", "fear", "happy", "neutral", "sad", "surprised"] as const;

/** What the path of a clip says. */
export interface Place {
  readonly actor: string;
  readonly view: string;
  readonly emotion: string;
  readonly level: number;
  readonly number: string;
}

/** Sentences of an emotion at one level (MEAD's authors; numbers have gaps, and some actors have a few more). */
const nominal = (emotion: string): number => (emotion === "neutral" ? 40 : 30);

/** From the coarse to the fine: where all of something is missing, it is named as a whole. */
const fields = ["view", "actor", "emotion", "level"] as const;

interface Cell extends Readonly<Record<(typeof fields)[number], string>> {
  readonly found: number;
  readonly expected: number;
}

/**
 * The clips that are there against the nominal number of all of `actors` actors, then whatever has fewer than that, the largest gap first. Gaps are of the actors that
 * are there: the others are counted as actors. `knownGaps`: as in the facts of a corpus.
 */
export function meadGaps(places: readonly Place[], actors: number, knownGaps: Readonly<Record<string, string>>): ExpectedCount[] {
  const numbers = new Map<string, Set<string>>();
  const cell = (actor: string, view: string, emotion: string, level: number): string => [actor, view, emotion, level].join(" ");
  for (const { actor, view, emotion, level, number } of places) {
    const key = cell(actor, view, emotion, level);
    (numbers.get(key) ?? numbers.set(key, new Set()).get(key)!).add(number);
  }
  const cells = [...new Set(places.map(({ actor }) => actor))].sort().flatMap((actor) =>
    views.flatMap((view) =>
      emotions.flatMap((emotion) =>
        (emotion === "neutral" ? [1] : [1, 2, 3]).map((level): Cell => {
          const found = numbers.get(cell(actor, view, emotion, level))?.size ?? 0;
          return { actor, view, emotion, level: `level_${level}`, found, expected: nominal(emotion) };
        }),
      ),
    ),
  );
  const ofActor = views.length * emotions.reduce((sum, emotion) => sum + (emotion === "neutral" ? 1 : 3) * nominal(emotion), 0);
  const found = [...numbers.values()].reduce((sum, all) => sum + all.size, 0);
  const gaps = gapsOf(cells, 0, []).sort((a, b) => b.expected - b.found - (a.expected - a.found));
  return [{ what: "clips (nominal)", found, expected: actors * ofActor }, ...gaps.map((gap) => withReason(gap, knownGaps))];
}

/** Gaps of cells that share the first `depth` fields, whose values are `words`. */
function gapsOf(cells: readonly Cell[], depth: number, words: readonly string[]): ExpectedCount[] {
  const total = (of: "found" | "expected"): number => cells.reduce((sum, cell) => sum + cell[of], 0);
  const [found, expected] = [total("found"), total("expected")];
  const field = fields[depth];
  if (depth > 0 && (found === 0 || field === undefined)) return found < expected ? [{ what: words.join(" "), found, expected }] : [];
  const groups = new Map<string, Cell[]>();
  for (const cell of cells) (groups.get(cell[field!]) ?? groups.set(cell[field!], []).get(cell[field!])!).push(cell);
  return [...groups].flatMap(([value, own]) => gapsOf(own, depth + 1, [...words, value]));
}

function withReason(gap: ExpectedCount, knownGaps: Readonly<Record<string, string>>): ExpectedCount {
  const words = new Set(gap.what.split(" "));
  const known = Object.entries(knownGaps).find(([key]) => key.split(" ").every((word) => words.has(word)))?.[1];
  return known === undefined ? gap : { ...gap, known };
}
