/**
 * Named parameters of a group, kept in one flat vector `theta`.
 *
 * A network is a function of `Params`. It is run twice: once on a scratch graph by `declareParams`, which notes names, shapes
 * and initial distributions in the order of use, and then on the real graph, where `theta` is cut by one Split.
 * What layers measure instead of learning (running statistics) is state, kept beside theta in a vector of its own (state.ts).
 */
import { TalkfaceError } from "../base/errors.js";
import { Random } from "../base/random.js";
import { Graph } from "../graph/graph.js";
import { stopGradient } from "../graph/ops/flow.js";
import { reshape, split } from "../graph/ops/layout.js";
import type { Value } from "../graph/value.js";
import { type Mode, noState, readOnly, type StateCell, type StateSource } from "./state.js";

export type Init = { readonly kind: "normal"; readonly deviation: number } | { readonly kind: "constant"; readonly value: number } | { readonly kind: "values"; readonly values: ArrayLike<number> };

export interface ParamSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly init: Init;
}

/** A flat vector's layout: named parts in order; `size` is the number of floats. */
export interface Layout {
  readonly specs: readonly ParamSpec[];
  readonly size: number;
}

/** The layout of a group's `theta`, and of the state beside it. */
export interface ParamTable extends Layout {
  readonly state: Layout;
}

type Source = (spec: ParamSpec) => Value;

/** Hands out parameters by name; `scope` puts a module's name before them and before the graph's nodes. */
export class Params {
  readonly graph: Graph;
  readonly #source: Source;
  readonly #state: StateSource;
  readonly #prefix: string;

  constructor(graph: Graph, source: Source, state: StateSource = noState, prefix = "") {
    this.graph = graph;
    this.#source = source;
    this.#state = state;
    this.#prefix = prefix;
  }

  /** What the graph is for: layers measure in training, use what was measured in inference, and are fused where deployed. */
  get mode(): Mode {
    return this.#state.mode;
  }

  get(name: string, shape: readonly number[], init: Init): Value {
    return this.#source({ name: this.#prefix + name, shape, init });
  }

  /** A part of the state. Where a layer is used twice in a graph, the second use reads what the first one left. */
  state(name: string, shape: readonly number[], init: Init): StateCell {
    const spec = { name: this.#prefix + name, shape, init };
    return { value: this.#state.read(spec), advance: (next) => this.#state.write(spec, next) };
  }

  scope<T>(name: string, build: (inner: Params) => T): T {
    return this.graph.scope(name, () => build(new Params(this.graph, this.#source, this.#state, `${this.#prefix}${name}/`)));
  }

  /** The same parameters without a gradient, and a state that this use leaves as it is: for parts that serve as a frozen judge. */
  frozen(): Params {
    return new Params(this.graph, (spec) => stopGradient(this.#source(spec)), readOnly(this.#state, this.mode), this.#prefix);
  }

  /** The same parameters as in a deployed network, differentiable: for experts that are trained already. */
  inference(): Params {
    return new Params(this.graph, this.#source, readOnly(this.#state, "inference"), this.#prefix);
  }
}

/** Runs `build` on a scratch graph and returns the parameters and the state that it asked for, in order. */
export function declareParams(build: (params: Params) => void): ParamTable {
  const graph = new Graph();
  const parameters = declared(graph, "parameter");
  const state = declared(graph, "state");
  build(new Params(graph, parameters.source, { mode: "training", read: state.source, write: () => undefined }));
  return { ...parameters.layout(), state: state.layout() };
}

/** Free inputs of a scratch graph for everything that is asked for, noted in order of first use. */
function declared(graph: Graph, kind: string): { readonly source: Source; readonly layout: () => Layout } {
  const specs = new Map<string, ParamSpec>();
  const values = new Map<string, Value>();
  return {
    source: (spec) => {
      const known = specs.get(spec.name);
      if (known === undefined) {
        specs.set(spec.name, spec);
        values.set(spec.name, graph.input(`${kind}:${spec.name}`, spec.shape));
      } else requireShape(known, spec);
      return values.get(spec.name) as Value;
    },
    layout: () => {
      const list = [...specs.values()];
      return { specs: list, size: list.reduce((sum, s) => sum + count(s.shape), 0) };
    },
  };
}

/** Parameters cut from a flat vector `theta` [P] of the graph; only those in use enter the gradient. */
export function paramsFromVector(theta: Value, table: ParamTable, state: StateSource = noState): Params {
  return new Params(theta.graph, partsOf(theta, table), state);
}

/** Parameters as inputs of the graph, each under `prefix` and its own name: the flat vector is cut outside. `made` takes those in use. */
export function paramsFromInputs(graph: Graph, prefix: string, table: ParamTable, state: StateSource, made: Map<string, Value>): Params {
  const specs = new Map(table.specs.map((spec) => [spec.name, spec]));
  const source: Source = (asked) => {
    const spec = specs.get(asked.name);
    if (spec === undefined) throw new TalkfaceError("internal", `internal: parameter ${asked.name} was not declared`);
    requireShape(spec, asked);
    const value = made.get(asked.name) ?? graph.input(`${prefix}${asked.name}`, asked.shape);
    made.set(asked.name, value);
    return value;
  };
  return new Params(graph, source, state);
}

/** The named parts of a flat vector in their shapes. */
export function partsOf(vector: Value, layout: Layout): (asked: ParamSpec) => Value {
  const parts = layout.specs.length === 0 ? [] : split(vector, layout.specs.map((s) => count(s.shape)), 0);
  const byName = new Map(layout.specs.map((spec, i) => [spec.name, { spec, part: parts[i] as Value }]));
  const shaped = new Map<string, Value>();
  return (asked) => {
    const entry = byName.get(asked.name);
    if (entry === undefined) throw new TalkfaceError("internal", `internal: parameter ${asked.name} was not declared`);
    requireShape(entry.spec, asked);
    let value = shaped.get(asked.name);
    if (value === undefined) {
      value = reshape(entry.part, asked.shape);
      shaped.set(asked.name, value);
    }
    return value;
  };
}

/** Parameters and state as constants of a deployed graph, under their own names, so that a model can be trained on. */
export function paramsFromWeights(graph: Graph, table: ParamTable, weights: Float32Array, state: Float32Array = new Float32Array(0)): Params {
  const source = constantsOf(graph, table, weights, "weights");
  return new Params(graph, source, { mode: "deployed", read: constantsOf(graph, table.state, state, "state"), write: () => undefined });
}

function constantsOf(graph: Graph, layout: Layout, numbers: Float32Array, what: string): Source {
  if (numbers.length !== layout.size) {
    throw new TalkfaceError("bad-model", `${what}: ${numbers.length} numbers, expected ${layout.size}. The model was made by another version of this system.`);
  }
  const places = placesOf(layout);
  const made = new Map<string, Value>();
  return (spec) => {
    const place = places.get(spec.name);
    if (place === undefined) throw new TalkfaceError("internal", `internal: parameter ${spec.name} was not declared`);
    const value = made.get(spec.name) ?? graph.constant(numbers.slice(place.offset, place.offset + place.size), spec.shape, "float32", spec.name);
    made.set(spec.name, value);
    return value;
  };
}

/** Where each part lies in the vector. */
export function placesOf(table: Layout): Map<string, { offset: number; size: number; shape: readonly number[] }> {
  const places = new Map<string, { offset: number; size: number; shape: readonly number[] }>();
  let offset = 0;
  for (const spec of table.specs) {
    const size = count(spec.shape);
    places.set(spec.name, { offset, size, shape: spec.shape });
    offset += size;
  }
  return places;
}

/** Initial `theta` (or state); each parameter draws from a stream of its own name, so a new layer leaves the others as they were. */
export function initialValues(table: Layout, seed: number): Float32Array {
  const theta = new Float32Array(table.size);
  const random = new Random(seed);
  let offset = 0;
  for (const { name, shape, init } of table.specs) {
    const size = count(shape);
    const part = theta.subarray(offset, offset + size);
    if (init.kind === "constant") part.fill(init.value);
    else if (init.kind === "values") part.set(init.values);
    else {
      const stream = random.split(name);
      for (let i = 0; i < size; i++) part[i] = stream.normal() * init.deviation;
    }
    offset += size;
  }
  return theta;
}

export function count(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

function requireShape(known: ParamSpec, asked: ParamSpec): void {
  if (known.shape.join() !== asked.shape.join()) {
    throw new TalkfaceError("internal", `internal: parameter ${asked.name} is [${known.shape.join()}], asked for as [${asked.shape.join()}]`);
  }
}
