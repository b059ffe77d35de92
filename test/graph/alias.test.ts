import { expect, test } from "vitest";
import { provenAliases } from "../../src/graph/alias.js";
import { Graph } from "../../src/graph/graph.js";
import { add, mul, square, sub } from "../../src/graph/ops/arithmetic.js";
import { reshape, split, concat } from "../../src/graph/ops/layout.js";
import { sum } from "../../src/graph/ops/reduce.js";
import type { Value } from "../../src/graph/value.js";

const pair = { input: "theta", output: "theta_next" };

function proven(build: (theta: Value, graph: Graph) => Value): boolean {
  const graph = new Graph();
  const theta = graph.input("theta", [4]);
  graph.output("theta_next", build(theta, graph));
  return provenAliases(graph.toModel(), [pair]).length === 1;
}

test("allows an alias whose readers all come before the writer", () => {
  expect(proven((theta) => sub(theta, mul(theta, 0.1)))).toBe(true);
  expect(proven((theta) => concat(split(sub(theta, mul(square(theta), 0.1)), [1, 3], 0), 0))).toBe(true);
});

test("refuses an alias with a reader that is no ancestor of the writer", () => {
  expect(proven((theta, graph) => {
    graph.output("norm", sum(square(theta)));
    return sub(theta, 0.1);
  })).toBe(false);
});

test("refuses an alias whose input is seen through a reshape elsewhere", () => {
  expect(proven((theta, graph) => {
    const view = reshape(theta, [2, 2]);
    graph.output("norm", sum(square(view)));
    return reshape(sub(view, 0.1), [4]);
  })).toBe(false);
});

test("allows it when the other result depends on nothing but what was read before", () => {
  expect(proven((theta, graph) => {
    const norm = sum(square(theta));
    graph.output("norm", norm);
    return sub(theta, mul(norm, 0.1));
  })).toBe(true);
});

test("refuses pairs of other types, unknown names and a second use of one buffer", () => {
  const graph = new Graph();
  const theta = graph.input("theta", [4]);
  graph.output("theta_next", add(theta, 1));
  graph.output("other", sum(graph.input("x", [4])));
  const model = graph.toModel();
  expect(provenAliases(model, [pair, pair])).toEqual([pair]);
  expect(provenAliases(model, [{ input: "theta", output: "other" }, { input: "no", output: "theta_next" }])).toEqual([]);
});
