import { describe, test } from "vitest";
import { square } from "../../src/graph/ops/arithmetic.js";
import { padEdge, padReflect } from "../../src/graph/ops/border.js";
import { pixelShuffle, pixelUnshuffle } from "../../src/graph/ops/pixel-shuffle.js";
import { checkGradient } from "../support/gradcheck.js";

describe("gradients of borders and of channels as pixels", () => {
  const all = [[0, 0], [0, 0], [3, 2], [1, 4]] as const;
  test("padReflect", async () => {
    await checkGradient("padReflect", [[2, 2, 4, 5]], (_, [x]) => square(padReflect(x!, all)));
    await checkGradient("padReflect before only", [[2, 4]], (_, [x]) => padReflect(x!, [[0, 0], [3, 0]]));
  });

  test("padEdge", async () => {
    await checkGradient("padEdge", [[2, 2, 4, 5]], (_, [x]) => square(padEdge(x!, all)));
    await checkGradient("padEdge of one element", [[1, 1]], (_, [x]) => padEdge(x!, [[2, 0], [0, 3]]));
  });

  test("pixelShuffle and pixelUnshuffle", async () => {
    await checkGradient("pixelShuffle", [[2, 18, 2, 3]], (_, [x]) => square(pixelShuffle(x!, 3)));
    await checkGradient("pixelUnshuffle", [[2, 3, 4, 6]], (_, [x]) => square(pixelUnshuffle(x!, 2)));
  });
});
