import { expect, it } from "vitest";
import { placeOf } from "../../src/train/config.js";
import { rateAt } from "../../src/train/schedule.js";

const phase = { steps: 1000, rate: 1 };

it("rates warm up, then fall as a cosine, a line or not at all", () => {
  const cosine = { kind: "cosine", floor: 0.05 } as const;
  expect(rateAt(0, phase, cosine, 100)).toBeCloseTo(0.01);
  expect(rateAt(99, phase, cosine, 100)).toBeCloseTo(1);
  expect(rateAt(325, phase, cosine, 100)).toBeCloseTo(0.05 + (0.95 * (1 + Math.SQRT1_2)) / 2);
  expect(rateAt(1000, phase, cosine, 100)).toBeCloseTo(0.05);
  expect(rateAt(49, phase, { kind: "linear", floor: 0 }, 100)).toBeCloseTo(0.5);
  expect(rateAt(550, phase, { kind: "linear", floor: 0 }, 100)).toBeCloseTo(0.5);
  expect(rateAt(1000, phase, { kind: "linear", floor: 0.1 }, 0)).toBeCloseTo(0.1);
  expect([0, 500, 999].map((step) => rateAt(step, phase, { kind: "constant", floor: 0.05 }, 0))).toEqual([1, 1, 1]);
});

it("a warm-up takes at most a tenth of the phase", () => {
  expect(rateAt(9, { steps: 100, rate: 1 }, { kind: "constant", floor: 0 }, 1000)).toBeCloseTo(1);
});

it("phases count one after another", () => {
  const phases = [{ name: "a", steps: 3, rate: 1 }, { name: "b", steps: 2, rate: 1 }];
  expect([0, 2, 3, 4].map((done) => placeOf(done, phases))).toEqual([{ index: 0, step: 0 }, { index: 0, step: 2 }, { index: 1, step: 0 }, { index: 1, step: 1 }]);
  expect(placeOf(5, phases)).toBeNull();
});
