/** Which window comes next: balanced by person, a person at most once a batch, the same for the same (seed, step). */
import { TalkfaceError } from "../base/errors.js";
import { Random } from "../base/random.js";
import type { ClipEntry } from "./dataset.js";

export interface WindowChoice {
  readonly clip: ClipEntry;
  /** First frame of the window. */
  readonly start: number;
  readonly random: Random;
  /** Another window of the step, whose head, brows and eyes drive this face in cross-identity training; itself where there is none. */
  readonly partner?: Pick<WindowChoice, "clip" | "start">;
}

/**
 * Clips that may fill these fields. Where a window has speech and no pictures, lips are to be learned from what is heard: only of clips in step, as long
 * as there are any.
 */
export function clipsFor(clips: readonly ClipEntry[], fields: readonly { readonly name: string }[]): readonly ClipEntry[] {
  const names = new Set(fields.map(({ name }) => name));
  if (!names.has("mel") || names.has("target")) return clips;
  const inStep = clips.filter(({ silent, sync }) => !silent && sync.corrected);
  return inStep.length > 0 ? inStep : clips;
}

export class WindowSampler {
  readonly #people: readonly { readonly clips: readonly ClipEntry[]; readonly weight: number }[];
  readonly #random: Random;

  /** Clips shorter than `frames` are left out. A person's weight is the square root of its footage. */
  constructor(clips: readonly ClipEntry[], frames: number, seed: number) {
    const byPerson = new Map<string, ClipEntry[]>();
    for (const clip of clips) {
      if (clip.frames < frames) continue;
      const list = byPerson.get(clip.person);
      if (list === undefined) byPerson.set(clip.person, [clip]);
      else list.push(clip);
    }
    this.#people = [...byPerson.values()].map((list) => ({ clips: list, weight: Math.sqrt(list.reduce((n, c) => n + c.frames, 0)) }));
    if (this.#people.length === 0) throw new TalkfaceError("bad-data", `training data: no clip has the ${frames} frames that a window needs. Prepare longer videos.`);
    this.#random = new Random(seed);
  }

  get people(): number {
    return this.#people.length;
  }

  /**
   * The windows of a step; with fewer people than `batch` some come twice. Ranks take consecutive parts of one larger batch: two
   * with `batch` windows each have those that one process with twice as many has.
   */
  choose(step: number, batch: number, frames: number, { rank, size }: { readonly rank: number; readonly size: number } = { rank: 0, size: 1 }): WindowChoice[] {
    const random = this.#random.split(`${step}/0`);
    const used = new Set<number>();
    const windows = Array.from({ length: batch * size }, (_, i) => {
      if (used.size >= this.#people.length) used.clear();
      const person = this.#draw(random, used);
      used.add(person);
      const { clips } = this.#people[person]!;
      const clip = weighted(clips, (c) => c.frames, random);
      return { clip, start: random.integer(clip.frames - frames + 1), random: random.split(`window/${i}`) };
    });
    const paired = windows.map((window, i): WindowChoice => ({ ...window, partner: windows[(i + 1) % windows.length]! })); // over all ranks
    return paired.slice(rank * batch, (rank + 1) * batch);
  }

  /** A window of any clip in place of one whose clip is damaged; it may be damaged as well. The same for the same window and attempt. */
  replace({ random }: WindowChoice, frames: number, attempt: number): WindowChoice {
    const again = random.split(`again/${attempt}`);
    const { clips } = weighted(this.#people, ({ weight }) => weight, again);
    const clip = weighted(clips, (c) => c.frames, again);
    return { clip, start: again.integer(clip.frames - frames + 1), random: again.split("window") };
  }

  #draw(random: Random, used: ReadonlySet<number>): number {
    const free = this.#people.map((_, i) => i).filter((i) => !used.has(i));
    return weighted(free, (i) => this.#people[i]!.weight, random);
  }
}

function weighted<T>(items: readonly T[], weight: (item: T) => number, random: Random): T {
  let left = random.uniform(0, items.reduce((sum, item) => sum + weight(item), 0));
  for (const item of items) {
    left -= weight(item);
    if (left < 0) return item;
  }
  return items[items.length - 1] as T;
}
