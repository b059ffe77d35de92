import { describe, test } from "vitest";
import { leakyRelu, cos, elu, erf, gelu, hardSigmoid, hardSwish, prelu, relu, selu, sigmoid, silu, sin, softplus, softsign, tanh } from "../../src/graph/ops/activation.js";
import { abs, add, clip, div, exp, log, maximum, minimum, mul, neg, pow, reciprocal, sqrt, square, sub } from "../../src/graph/ops/arithmetic.js";
import { cast, greater, where } from "../../src/graph/ops/compare.js";
import { gradient } from "../../src/graph/gradient.js";
import { sum } from "../../src/graph/ops/reduce.js";
import type { Value } from "../../src/graph/value.js";
import { checkGradient } from "../support/gradcheck.js";

/** Numbers of at least 0.3 in size, so that kinks at 0 and division stay away from the central difference. */
const away = Float32Array.from({ length: 24 }, (_, i) => (i % 2 === 0 ? 1 : -1) * (0.3 + 0.07 * i));
const positive = away.map(Math.abs);

describe("gradients of elementwise operators", () => {
  const binary: Record<string, (a: Value, b: Value) => Value> = { add, sub, mul };
  test.each(Object.entries(binary))("%s", async (name, op) => {
    await checkGradient(name, [[2, 3, 4], [2, 3, 4]], (_, [a, b]) => op(a!, b!));
    await checkGradient(`${name} broadcast`, [[2, 3, 4], [3, 1]], (_, [a, b]) => op(a!, b!));
    await checkGradient(`${name} broadcast both`, [[2, 1, 4], [3, 1]], (_, [a, b]) => op(a!, b!));
    await checkGradient(`${name} scalar`, [[], [3, 2]], (_, [a, b]) => op(a!, b!));
  });

  test("div and pow", async () => {
    await checkGradient("div", [[2, 3, 4], [3, 1]], (_, [a, b]) => div(a!, b!), { values: [undefined, Float32Array.of(1.5, -2, 0.9)], step: 3e-3 });
    await checkGradient("pow", [[2, 3, 4], [4]], (_, [a, b]) => pow(a!, b!), { values: [positive, undefined], step: 3e-3, tolerance: 2e-3 });
    await checkGradient("pow 3", [[5]], (_, [a]) => pow(a!, 3), { step: 3e-3 });
  });

  test("numbers on either side", async () => {
    await checkGradient("numbers", [[6]], (_, [x]) => add(div(1, add(square(x!), 1)), sub(2, mul(3, x!))), { step: 3e-3 });
  });

  test("the same value on both sides, and reused", async () => {
    await checkGradient("x·x + x", [[7]], (_, [x]) => add(mul(x!, x!), x!));
    await checkGradient("x − x·3 + x/2", [[7]], (_, [x]) => add(sub(x!, mul(x!, 3)), div(x!, 2)));
  });

  test("maximum, minimum, clip", async () => {
    const other = away.map((x) => -0.5 * x);
    await checkGradient("maximum", [[24], [24]], (_, [a, b]) => maximum(a!, b!), { values: [away, other] });
    await checkGradient("minimum", [[24], [24]], (_, [a, b]) => minimum(a!, b!), { values: [away, other] });
    await checkGradient("maximum with a number", [[24]], (_, [a]) => maximum(0, a!), { values: [away] });
    await checkGradient("clip", [[24]], (_, [a]) => clip(a!, -1.245, 1.245), { values: [away] });
  });

  test("where and cast", async () => {
    await checkGradient("where", [[24], [2, 24], [24]], (_, [x, a, b]) => where(greater(x!, 0), a!, b!), { values: [away] });
    await checkGradient("where number", [[24], [24]], (_, [x, a]) => where(greater(x!, 0.5), a!, 2), { values: [away] });
    await checkGradient("cast", [[24]], (_, [x]) => cast(cast(square(x!), "float64"), "float32"));
  });

  const unary: Record<string, (x: Value) => Value> = { neg, exp, square, sigmoid, tanh, softplus, silu, sin, cos, erf, gelu };
  test.each(Object.entries(unary))("%s", async (name, op) => {
    await checkGradient(name, [[4, 6]], (_, [x]) => op(x!), { step: 3e-3 });
  });

  const kinked: Record<string, (x: Value) => Value> = { abs, relu, "leakyRelu 0.2": (x) => leakyRelu(x, 0.2), elu, "elu 0.4": (x) => elu(x, 0.4), selu, softsign, reciprocal, hardSigmoid: (x) => hardSigmoid(mul(x, 1.965)), hardSwish: (x) => hardSwish(mul(x, 1.965)) };
  test.each(Object.entries(kinked))("%s", async (name, op) => {
    await checkGradient(name, [[4, 6]], (_, [x]) => op(x!), { values: [away] });
  });

  test("prelu", async () => {
    await checkGradient("prelu", [[2, 3, 4], [3, 1]], (_, [x, slope]) => prelu(x!, slope!), { values: [away] });
  });

  test("second derivatives", async () => {
    const twice = (x: Value, op: (x: Value) => Value): Value => gradient(sum(op(x)), [x])[0]!;
    for (const [name, op] of Object.entries({ elu, erf, gelu, reciprocal })) {
      await checkGradient(`${name}, second`, [[24]], (_, [x]) => twice(x!, op), { values: [away], step: 3e-3 });
    }
  });

  const onPositive: Record<string, (x: Value) => Value> = { log, sqrt, "pow 0.5": (x) => pow(x, 0.5) };
  test.each(Object.entries(onPositive))("%s", async (name, op) => {
    await checkGradient(name, [[24]], (_, [x]) => op(x!), { values: [positive], step: 3e-3 });
  });
});
