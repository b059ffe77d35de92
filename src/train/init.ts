/** Weights of another run or of a model as a start: taken by name, so that a changed network keeps what it still has. */
import { stat } from "node:fs/promises";
import { z } from "zod";
import { fromSystemError, TalkfaceError } from "../base/errors.js";
import { widened } from "../graph/float16.js";
import { decodeModel } from "../graph/onnx.js";
import { count, type Layout, type ParamTable, placesOf } from "../nn/params.js";
import { type Checkpoint, readCheckpoint } from "../store/checkpoint.js";
import { readModel } from "../store/model.js";
import { layerStateName } from "../systems/phase-graph.js";
import { stateNames } from "../systems/step-graph.js";
import type { TrainState } from "./state.js";

/** A parameter's weights. */
interface Weights {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

const schema = z.record(z.string(), z.array(z.tuple([z.string(), z.array(z.number())])));

/** A vector of named parts, by the name under which a checkpoint lists them, and which vectors of the training state take it over. */
interface Part {
  readonly listed: string;
  /** The vector of a checkpoint that is taken. */
  readonly saved: string;
  readonly fills: readonly string[];
  readonly layout: Layout;
}

function partsOf(group: string, table: ParamTable): Part[] {
  const { theta, average } = stateNames(group);
  const weights = { listed: group, saved: average, fills: [theta, average], layout: table };
  const measured = layerStateName(group);
  return table.state.size === 0 ? [weights] : [weights, { listed: measured, saved: measured, fills: [measured], layout: table.state }];
}

/** Names and shapes of every group's parameters in the order of `theta`, and of the state of its layers, as JSON. */
export function parameterNames(tables: ReadonlyMap<string, ParamTable>): string {
  const parts = [...tables].flatMap(([group, table]) => partsOf(group, table));
  return JSON.stringify(Object.fromEntries(parts.map(({ listed, layout }) => [listed, layout.specs.map(({ name, shape }) => [name, shape])])));
}

/**
 * Copies weights from a checkpoint file or a model folder into the parameters of the same name and shape, and says how many there were;
 * what layers measured comes along in the same way.
 * A model holds the parameters of the system's first group that its networks need. Throws `bad-data` where none fits.
 */
export async function startFrom(path: string, state: TrainState, tables: ReadonlyMap<string, ParamTable>): Promise<string> {
  const status = await stat(path).catch((error: unknown) => {
    throw fromSystemError(error, path);
  });
  const first = [...tables.keys()][0] as string;
  const parts = [...tables].flatMap(([group, table]) => partsOf(group, table));
  const source = status.isDirectory() ? inFirstGroup(first, await modelWeights(path)) : checkpointWeights(await readCheckpoint(path), parts, path);
  let taken = 0;
  let wanted = 0;
  for (const { listed, fills, layout } of parts) {
    const places = placesOf(layout);
    wanted += places.size;
    for (const { name, shape, data } of source.get(listed) ?? []) {
      const place = places.get(name);
      if (place === undefined || place.shape.join() !== shape.join()) continue;
      for (const vector of fills) state.get(vector)?.set(data, place.offset);
      taken += 1;
    }
  }
  if (taken === 0) throw new TalkfaceError("bad-data", `${path}: has no parameter in common with this configuration. Give a run or a model of the same system.`);
  return `${taken} of ${wanted} parameters taken over`;
}

/** Fills a group with all the weights of an expert's model. Throws `bad-model` where one is missing. */
export async function takeExpert(folder: string, group: string, state: TrainState, table: ParamTable): Promise<void> {
  const weights = new Map((await modelWeights(folder)).map((weight) => [weight.name, weight]));
  const { theta, average } = stateNames(group);
  for (const [name, { offset, shape }] of placesOf(table)) {
    const weight = weights.get(name);
    if (weight?.shape.join() !== shape.join()) throw new TalkfaceError("bad-model", `${folder}: has no parameter ${name} [${shape.join()}] for ${group}. Train the expert with this version, or install it again.`);
    for (const vector of [theta, average]) state.get(vector)?.set(weight.data, offset);
  }
}

/** A model names weights and state of its layers alike. */
function inFirstGroup(first: string, weights: Weights[]): Map<string, Weights[]> {
  return new Map([first, layerStateName(first)].map((listed) => [listed, weights]));
}

/** The averaged weights by group, and what layers measured. */
function checkpointWeights({ vectors, facts }: Checkpoint, parts: readonly Part[], path: string): Map<string, Weights[]> {
  const parsed = schema.safeParse(JSON.parse(facts["parameters"] ?? "null"));
  if (!parsed.success) throw new TalkfaceError("bad-data", `${path}: does not name its parameters. Give a checkpoint that \`talkface train\` wrote.`);
  return new Map(
    parts.map(({ listed, saved }) => {
      const vector = vectors.get(saved);
      let offset = 0;
      const weights = (parsed.data[listed] ?? []).map(([name, shape]) => {
        const start = offset;
        offset += count(shape);
        return { name, shape, data: vector?.subarray(start, offset) ?? new Float32Array(0) };
      });
      return [listed, vector?.length === offset ? weights : []];
    }),
  );
}

/** The named float constants of a model's networks. */
async function modelWeights(folder: string): Promise<Weights[]> {
  const { networks } = await readModel(folder);
  const weights = new Map<string, Weights>();
  for (const [network, bytes] of networks) {
    for (const tensor of decodeModel(bytes, `${folder}/${network}.onnx`).graph.initializers) {
      const weight = widened(tensor);
      if (weight !== null) weights.set(weight.name, { name: weight.name, shape: weight.shape, data: new Float32Array(weight.data.slice().buffer) });
    }
  }
  return [...weights.values()];
}
