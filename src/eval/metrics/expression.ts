/** Whether a made face shows the expression of the real one. */
import { TalkfaceError } from "../../base/errors.js";
import { createExpressionNet, type ExpressionNet, expressionNames } from "../../face/expression.js";
import { cosine } from "../../face/identity.js";
import type { Image } from "../../media/image.js";
import type { Metric } from "../../metrics/metric.js";
import { landmarker, noFaces, points68 } from "./faces.js";

/** Expressions last longer than that. */
const every = 5;

export const expressionMetrics: readonly Metric[] = [
  {
    name: "expression",
    title: "expression agreement: probabilities, class of the clip",
    scores: [
      { name: "expression", unit: "cosine", better: "higher" },
      { name: "expression-class", unit: "share", better: "higher" },
    ],
    reference: "full",
    needs: ["faces"],
    protocol: `expression: face-api's seven classes (${expressionNames.join(", ")}), ${landmarker}; expression: cosine of the probabilities of the made and the real picture of the same instant, mean over every ${every}th frame; expression-class: 1 where the clip's mean probabilities have one class (not the accuracy of a classifier trained on MEAD)`,
    async start({ tools }) {
      const net = await tools.once("expression", createExpressionNet);
      const means = { made: new Float64Array(expressionNames.length), real: new Float64Array(expressionNames.length) };
      const perFrame: number[] = [];
      let [t, sum, frames] = [0, 0, 0];
      return {
        async add(pair) {
          const both = t++ % every === 0 && !pair.shown ? points68(pair) : null;
          const made = both === null ? null : await probabilities(net, pair.made.image, both.made);
          const real = made === null ? null : await probabilities(net, pair.real!.image, both!.real);
          if (made === null || real === null) return void perFrame.push(Number.NaN);
          for (let i = 0; i < made.length; i++) {
            means.made[i]! += made[i]!;
            means.real[i]! += real[i]!;
          }
          const agreement = cosine(made, real);
          perFrame.push(agreement);
          sum += agreement;
          frames++;
        },
        finish: () => (frames === 0 ? { missing: noFaces } : { values: { expression: sum / frames, "expression-class": largest(means.made) === largest(means.real) ? 1 : 0 }, frames, perFrame }),
      };
    },
  },
];

/** Null where the face has left the picture. */
async function probabilities(net: ExpressionNet, image: Image, landmarks: Float32Array): Promise<Float32Array | null> {
  try {
    return await net.classify(image, landmarks);
  } catch (error) {
    if (error instanceof TalkfaceError && error.code === "no-face") return null;
    throw error;
  }
}

function largest(values: Float64Array): number {
  return values.indexOf(Math.max(...values));
}
