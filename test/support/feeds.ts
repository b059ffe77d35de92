/** Tensors for the inputs of a system's graphs. */
import { Random } from "../../src/base/random.js";
import { sizeOf } from "../../src/graph/shape.js";
import { defaultRule } from "../../src/nn/optimizers/settings.js";
import type { UpdateRule } from "../../src/nn/optimizers/optimizer.js";
import { initialValues, type ParamTable, placesOf } from "../../src/nn/params.js";
import type { Session } from "../../src/runtime/session.js";
import { floats, type Tensor } from "../../src/runtime/tensor.js";
import { weightName } from "../../src/systems/phase-graph.js";
import { initialState } from "../../src/train/state.js";

/** Plausible random values for every input of a session; `size` is the side of the pictures. */
export function randomFeeds(session: Session, size: number, seed: number): Record<string, Tensor> {
  const random = new Random(seed);
  return Object.fromEntries(
    session.inputs.map(({ name, dtype, shape }) => {
      const length = sizeOf(shape as number[]);
      const points = ["points", "base", "view_points"].includes(name);
      const data =
        dtype === "uint8"
          ? Uint8Array.from({ length }, () => random.integer(256))
          : Float32Array.from({ length }, () => (name === "view_mask" ? 1 : points ? random.uniform(0, size) : name === "scale" ? 3 : random.uniform()));
      return [name, { dtype, shape: shape as number[], data }];
    }),
  );
}

/** Initial weights, averages and moments for those inputs of a session that are state. */
export function stateFeeds(session: Session, tables: ReadonlyMap<string, ParamTable>, rule: UpdateRule = defaultRule): Record<string, Tensor> {
  const vectors = initialState(tables, rule, 0);
  return Object.fromEntries(session.inputs.flatMap(({ name }) => (vectors.has(name) ? [[name, floats(vectors.get(name)!, [vectors.get(name)!.length])]] : [])));
}

/** Initial weights for the inputs of a session that takes each of its own. */
export function weightFeeds(session: Session, tables: ReadonlyMap<string, ParamTable>, seed = 0): Record<string, Tensor> {
  const parts = new Map<string, Float32Array>();
  for (const [group, table] of tables) {
    const theta = initialValues(table, seed);
    for (const [name, { offset, size }] of placesOf(table)) parts.set(weightName(group, name), theta.subarray(offset, offset + size));
  }
  return Object.fromEntries(session.inputs.flatMap(({ name, shape }) => (parts.has(name) ? [[name, floats(parts.get(name)!, shape as number[])]] : [])));
}

/** A scalar []. */
export function scalar(value: number): Tensor {
  return floats(new Float32Array([value]), []);
}
