/** What ranks do so that they train one and the same network. */
import { TalkfaceError } from "../base/errors.js";
import type { Ranks } from "../runtime/ranks.js";
import type { TrainState } from "./state.js";

/** What must be the same on every rank, by name. */
export type Common = Readonly<Record<string, number>>;

/** Throws `bad-data` on a rank where something differs from rank 0: another version, other settings, other data on its machine. */
export function compareWithFirst(ranks: Ranks, common: Common): void {
  const first = Float64Array.from(Object.values(common));
  ranks.broadcast(first);
  Object.entries(common).forEach(([name, value], i) => {
    if (value !== first[i]) throw new TalkfaceError("bad-data", `rank ${ranks.rank} has ${value} ${name}, rank 0 has ${first[i]}. Give every machine the same talkface, settings and data.`);
  });
}

/** Every rank takes the state of rank 0; returns the steps that rank 0 has done. */
export function followFirst(ranks: Ranks, state: TrainState, step: number): number {
  const done = Float64Array.of(step);
  ranks.broadcast(done);
  for (const vector of state.values()) ranks.broadcast(vector);
  return done[0] as number;
}
