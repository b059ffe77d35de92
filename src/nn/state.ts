/**
 * State: numbers that layers measure while they train and use afterwards (running means, power iteration vectors). A group's
 * state is one flat vector beside theta; a training step takes it and returns the next one, an optimizer never sees it.
 */
import { TalkfaceError } from "../base/errors.js";
import { sub } from "../graph/ops/arithmetic.js";
import { equal, where } from "../graph/ops/compare.js";
import { concat, reshape } from "../graph/ops/layout.js";
import type { Value } from "../graph/value.js";
import { type Layout, type ParamSpec, partsOf } from "./params.js";

/**
 * `training`: layers use the batch and advance the state. `inference`: they use the state, and gradients flow. `deployed`:
 * they use the state, and operators without a gradient may stand for what they fuse.
 */
export type Mode = "training" | "inference" | "deployed";

export interface StateCell {
  readonly value: Value;
  /** Registers what the next step shall find; without effect outside training. */
  readonly advance: (next: Value) => void;
}

export interface StateSource {
  readonly mode: Mode;
  readonly read: (spec: ParamSpec) => Value;
  readonly write: (spec: ParamSpec, next: Value) => void;
}

/** The state of a group inside a graph. */
export interface State extends StateSource {
  /** The state [S] after everything that was built so far; what no layer advanced stays, and so do numbers that would not be finite. */
  readonly next: () => Value;
}

/** Cuts a state vector [S] of the graph into its parts and gathers what layers make of them. */
export function stateFromVector(vector: Value, layout: Layout, mode: Exclude<Mode, "deployed">): State {
  if (vector.shape.length !== 1 || vector.shape[0] !== layout.size) {
    throw new TalkfaceError("internal", `internal: the state is [${vector.shape.join()}], expected [${layout.size}]`);
  }
  const initial = partsOf(vector, layout);
  const latest = new Map<string, Value>();
  const read = (spec: ParamSpec): Value => latest.get(spec.name) ?? initial(spec);
  return {
    mode,
    read,
    write: (spec, next) => {
      if (next.shape.join() !== spec.shape.join()) throw new TalkfaceError("internal", `internal: state ${spec.name} is [${spec.shape.join()}], its next value [${next.shape.join()}]`);
      if (mode === "training") latest.set(spec.name, next);
    },
    next: () => {
      if (latest.size === 0) return vector;
      const next = concat(layout.specs.map((spec) => reshape(read(spec), [-1])), 0);
      return where(equal(sub(next, next), 0), next, vector);
    },
  };
}

/** Of groups whose layers keep none: only says what the graph is for. */
export function withoutState(mode: Mode): StateSource {
  return { ...noState, mode };
}

/** Of graphs that train layers which keep none. */
export const noState: StateSource = {
  mode: "training",
  read: ({ name }) => {
    throw new TalkfaceError("internal", `internal: ${name} is state, and this graph was given none`);
  },
  write: () => undefined,
};

/** The same state for a use that must not advance it. */
export function readOnly(state: StateSource, mode: Mode): StateSource {
  return { mode, read: state.read, write: () => undefined };
}
