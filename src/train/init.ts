/** Weights of another run or of a model as a start: taken by name, so that a changed network keeps what it still has. */
import { stat } from "node:fs/promises";
import { z } from "zod";
import { fromSystemError, TalkfaceError } from "../base/errors.js";
import { decodeModel } from "../graph/onnx.js";
import { count, type ParamTable, placesOf } from "../nn/params.js";
import { type Checkpoint, readCheckpoint } from "../store/checkpoint.js";
import { readModel } from "../store/model.js";
import { stateNames } from "../systems/step-graph.js";
import type { TrainState } from "./state.js";

/** A parameter's weights. */
interface Weights {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

const schema = z.record(z.string(), z.array(z.tuple([z.string(), z.array(z.number())])));

/** Names and shapes of every group's parameters in the order of `theta`, as JSON. */
export function parameterNames(tables: ReadonlyMap<string, ParamTable>): string {
  return JSON.stringify(Object.fromEntries([...tables].map(([group, { specs }]) => [group, specs.map(({ name, shape }) => [name, shape])])));
}

/**
 * Copies weights from a checkpoint file or a model folder into the parameters of the same name and shape, and says how many there were.
 * A model holds the parameters of the system's first group that its networks need. Throws `bad-data` where none fits.
 */
export async function startFrom(path: string, state: TrainState, tables: ReadonlyMap<string, ParamTable>): Promise<string> {
  const status = await stat(path).catch((error: unknown) => {
    throw fromSystemError(error, path);
  });
  const first = [...tables.keys()][0] as string;
  const source = status.isDirectory() ? new Map([[first, await modelWeights(path)]]) : checkpointWeights(await readCheckpoint(path), path);
  let taken = 0;
  let wanted = 0;
  for (const [group, table] of tables) {
    const names = stateNames(group);
    const places = placesOf(table);
    wanted += places.size;
    for (const { name, shape, data } of source.get(group) ?? []) {
      const place = places.get(name);
      if (place === undefined || place.shape.join() !== shape.join()) continue;
      for (const vector of [names.theta, names.average]) state.get(vector)?.set(data, place.offset);
      taken += 1;
    }
  }
  if (taken === 0) throw new TalkfaceError("bad-data", `${path}: has no parameter in common with this configuration. Give a run or a model of the same system.`);
  return `${taken} of ${wanted} parameters taken over`;
}

/** The averaged weights by group. */
function checkpointWeights({ vectors, facts }: Checkpoint, path: string): Map<string, Weights[]> {
  const parsed = schema.safeParse(JSON.parse(facts["parameters"] ?? "null"));
  if (!parsed.success) throw new TalkfaceError("bad-data", `${path}: does not name its parameters. Give a checkpoint that \`talkface train\` wrote.`);
  return new Map(
    Object.entries(parsed.data).map(([group, parameters]) => {
      const vector = vectors.get(stateNames(group).average);
      let offset = 0;
      const weights = parameters.map(([name, shape]) => {
        const start = offset;
        offset += count(shape);
        return { name, shape, data: vector?.subarray(start, offset) ?? new Float32Array(0) };
      });
      return [group, vector?.length === offset ? weights : []];
    }),
  );
}

/** The named float constants of a model's networks. */
async function modelWeights(folder: string): Promise<Weights[]> {
  const { networks } = await readModel(folder);
  const weights = new Map<string, Weights>();
  for (const [network, bytes] of networks) {
    for (const { name, shape, dtype, data } of decodeModel(bytes, `${folder}/${network}.onnx`).graph.initializers) {
      if (dtype === "float32") weights.set(name, { name, shape, data: new Float32Array(data.slice().buffer) });
    }
  }
  return [...weights.values()];
}
