/**
 * Named parameters of a group, kept in one flat vector `theta`.
 *
 * A network is a function of `Params`. It is run twice: once on a scratch graph by `declareParams`, which notes names, shapes
 * and initial distributions in the order of use, and then on the real graph, where `theta` is cut by one Split.
 */
import { TalkfaceError } from "../base/errors.js";
import { Random } from "../base/random.js";
import { Graph } from "../graph/graph.js";
import { stopGradient } from "../graph/ops/flow.js";
import { reshape, split } from "../graph/ops/layout.js";
import type { Value } from "../graph/value.js";

export type Init = { readonly kind: "normal"; readonly deviation: number } | { readonly kind: "constant"; readonly value: number } | { readonly kind: "values"; readonly values: readonly number[] };

export interface ParamSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly init: Init;
}

/** The layout of `theta`: parameters in order; `size` is the number of floats. */
export interface ParamTable {
  readonly specs: readonly ParamSpec[];
  readonly size: number;
}

type Source = (spec: ParamSpec) => Value;

/** Hands out parameters by name; `scope` puts a module's name before them and before the graph's nodes. */
export class Params {
  readonly graph: Graph;
  readonly #source: Source;
  readonly #prefix: string;

  constructor(graph: Graph, source: Source, prefix = "") {
    this.graph = graph;
    this.#source = source;
    this.#prefix = prefix;
  }

  get(name: string, shape: readonly number[], init: Init): Value {
    return this.#source({ name: this.#prefix + name, shape, init });
  }

  scope<T>(name: string, build: (inner: Params) => T): T {
    return this.graph.scope(name, () => build(new Params(this.graph, this.#source, `${this.#prefix}${name}/`)));
  }

  /** The same parameters without a gradient: for parts that serve as a frozen judge. */
  frozen(): Params {
    return new Params(this.graph, (spec) => stopGradient(this.#source(spec)), this.#prefix);
  }
}

/** Runs `build` on a scratch graph and returns the parameters that it asked for, in order. */
export function declareParams(build: (params: Params) => void): ParamTable {
  const graph = new Graph();
  const specs = new Map<string, ParamSpec>();
  const values = new Map<string, Value>();
  build(
    new Params(graph, (spec) => {
      const known = specs.get(spec.name);
      if (known === undefined) {
        specs.set(spec.name, spec);
        values.set(spec.name, graph.input(`parameter:${spec.name}`, spec.shape));
      } else requireShape(known, spec);
      return values.get(spec.name) as Value;
    }),
  );
  const list = [...specs.values()];
  return { specs: list, size: list.reduce((sum, s) => sum + count(s.shape), 0) };
}

/** Parameters cut from a flat vector `theta` [P] of the graph; only those in use enter the gradient. */
export function paramsFromVector(theta: Value, table: ParamTable): Params {
  const parts = split(theta, table.specs.map((s) => count(s.shape)), 0);
  const byName = new Map(table.specs.map((spec, i) => [spec.name, { spec, part: parts[i] as Value }]));
  const shaped = new Map<string, Value>();
  return new Params(theta.graph, (asked) => {
    const entry = byName.get(asked.name);
    if (entry === undefined) throw new TalkfaceError("internal", `internal: parameter ${asked.name} was not declared`);
    requireShape(entry.spec, asked);
    let value = shaped.get(asked.name);
    if (value === undefined) {
      value = reshape(entry.part, asked.shape);
      shaped.set(asked.name, value);
    }
    return value;
  });
}

/** Parameters as constants of a deployed graph. */
export function paramsFromWeights(graph: Graph, table: ParamTable, weights: Float32Array): Params {
  if (weights.length !== table.size) {
    throw new TalkfaceError("bad-model", `weights: ${weights.length} numbers, expected ${table.size}. The model was made by another version of this system.`);
  }
  const places = placesOf(table);
  return new Params(graph, (spec) => {
    const place = places.get(spec.name);
    if (place === undefined) throw new TalkfaceError("internal", `internal: parameter ${spec.name} was not declared`);
    return graph.constant(weights.slice(place.offset, place.offset + place.size), spec.shape);
  });
}

/** Where each parameter lies in `theta`. */
export function placesOf(table: ParamTable): Map<string, { offset: number; size: number; shape: readonly number[] }> {
  const places = new Map<string, { offset: number; size: number; shape: readonly number[] }>();
  let offset = 0;
  for (const spec of table.specs) {
    const size = count(spec.shape);
    places.set(spec.name, { offset, size, shape: spec.shape });
    offset += size;
  }
  return places;
}

/** Initial `theta`; each parameter draws from a stream of its own name, so a new layer leaves the others as they were. */
export function initialValues(table: ParamTable, seed: number): Float32Array {
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
