/** Weights of another run as a start: taken by name, so that a changed network keeps what it still has. */
import { z } from "zod";
import { TalkfaceError } from "../base/errors.js";
import { count, type ParamTable, placesOf } from "../nn/params.js";
import type { Checkpoint } from "../store/checkpoint.js";
import { stateNames } from "../systems/step-graph.js";
import type { TrainState } from "./phase-runner.js";

const schema = z.record(z.string(), z.array(z.tuple([z.string(), z.array(z.number())])));

/** Names and shapes of every group's parameters in the order of `theta`, as JSON. */
export function parameterNames(tables: ReadonlyMap<string, ParamTable>): string {
  return JSON.stringify(Object.fromEntries([...tables].map(([group, { specs }]) => [group, specs.map(({ name, shape }) => [name, shape])])));
}

/** Copies the averaged weights of parameters that have the same name and shape here; says how many there were. Throws `bad-data` where none fits. */
export function takeWeights(state: TrainState, tables: ReadonlyMap<string, ParamTable>, { vectors, facts }: Checkpoint): string {
  const parsed = schema.safeParse(JSON.parse(facts["parameters"] ?? "null"));
  if (!parsed.success) throw new TalkfaceError("bad-data", "the checkpoint to start from does not name its parameters. Give one that `talkface train` wrote.");
  let taken = 0;
  let wanted = 0;
  for (const [group, table] of tables) {
    const names = stateNames(group);
    const source = vectors.get(names.average);
    const places = placesOf(table);
    wanted += places.size;
    let offset = 0;
    for (const [name, shape] of parsed.data[group] ?? []) {
      const size = count(shape);
      const place = places.get(name);
      if (source !== undefined && place !== undefined && place.shape.join() === shape.join()) {
        for (const vector of [names.theta, names.average]) state.get(vector)?.set(source.subarray(offset, offset + size), place.offset);
        taken += 1;
      }
      offset += size;
    }
  }
  if (taken === 0) throw new TalkfaceError("bad-data", "the checkpoint to start from has no parameter in common with this configuration.");
  return `${taken} of ${wanted} parameters taken over`;
}
