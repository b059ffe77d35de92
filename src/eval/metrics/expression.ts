/** Whether a made face shows the expression of the real one, and the emotion that the clip is labelled with. */
import { emotionName } from "../../base/emotions.js";
import { TalkfaceError } from "../../base/errors.js";
import { createExpressionNet, type ExpressionNet, expressionNames } from "../../face/expression.js";
import { to68 } from "../../face/landmarks.js";
import { expressionAgreement, expressionOf, expressionProtocol, largest } from "../../metrics/expression.js";
import { EmotionClassifier } from "../../metrics/imported/emotion.js";
import type { Finished, Frame, Metric, Tools } from "../../metrics/metric.js";
import { importedDigest } from "../../store/imported.js";
import { landmarker, noFaces } from "./faces.js";

/** Expressions last longer than that. */
const every = 5;

function expressionNetOf(tools: Tools): Promise<ExpressionNet> {
  return tools.once("expression", createExpressionNet);
}

/** Sums of what a classifier says of frames: its verdict on the clip. */
class Verdict {
  readonly sums: Float64Array;
  frames = 0;

  constructor(classes: number) {
    this.sums = new Float64Array(classes);
  }

  add(scores: Float32Array): void {
    scores.forEach((score, i) => (this.sums[i]! += score));
    this.frames++;
  }
}

const agreement: Metric = {
  name: "expression",
  title: "expression agreement: probabilities, class of the clip",
  scores: [
    { name: "expression", unit: "cosine", better: "higher" },
    { name: "expression-class", unit: "share", better: "higher" },
  ],
  reference: "full",
  needs: ["faces"],
  protocol: `expression: ${expressionProtocol}, ${landmarker}; expression: cosine of the probabilities of the made and the real picture of the same instant, mean over every ${every}th frame; expression-class: 1 where the clip's mean probabilities have one class (not the accuracy of a classifier trained on MEAD)`,
  async start({ tools }) {
    const net = await expressionNetOf(tools);
    const [made, real] = [new Verdict(expressionNames.length), new Verdict(expressionNames.length)];
    const perFrame: number[] = [];
    let [t, sum] = [0, 0];
    return {
      async add(pair) {
        const own = t++ % every === 0 && !pair.shown && pair.real !== null && pair.real.mesh !== null ? await expressionOf(net, pair.made) : null;
        const other = own === null ? null : await expressionOf(net, pair.real!);
        if (own === null || other === null) return void perFrame.push(Number.NaN);
        made.add(own);
        real.add(other);
        perFrame.push(expressionAgreement(own, other));
        sum += perFrame.at(-1)!;
      },
      finish: () => (made.frames === 0 ? { missing: noFaces } : { values: { expression: sum / made.frames, "expression-class": largest(made.sums) === largest(real.sums) ? 1 : 0 }, frames: made.frames, perFrame }),
    };
  },
};

interface Classifier {
  /** By their one name (base/emotions.ts). */
  readonly classes: readonly string[];
  classify(frame: Frame): Promise<Float32Array | null>;
}

/** 1 for a clip whose verdict is its label: the mean over clips is the accuracy. */
function accuracy(about: Pick<Metric, "name" | "title" | "protocol" | "weights">, open: (tools: Tools) => Promise<Classifier>): Metric {
  const { name } = about;
  return {
    ...about,
    scores: [{ name, unit: "share", better: "higher" }],
    reference: "none",
    needs: ["faces", "emotion"],
    async start({ tools, emotion }) {
      const { classes, classify } = await open(tools);
      const label = classes.indexOf(emotion!);
      const verdict = new Verdict(classes.length);
      let t = 0;
      return {
        async add({ made, shown }) {
          if (label < 0 || shown || t++ % every !== 0) return;
          const scores = await classify(made);
          if (scores !== null) verdict.add(scores);
        },
        finish(): Finished {
          if (label < 0) return { missing: `the clip is labelled ${emotion}, and the classifier knows ${classes.join(", ")}` };
          return verdict.frames === 0 ? { missing: "no frame shows a face" } : { values: { [name]: largest(verdict.sums) === label ? 1 : 0 }, frames: verdict.frames };
        },
      };
    },
  };
}

const emotionAccuracy = accuracy(
  {
    name: "emotion-accuracy",
    title: "emotion accuracy by an imported classifier",
    protocol: `emotion-accuracy: classifier as imported; bounds of the 68 points and a tenth on each side, square, 224x224 RGB 0..1, bilinear, ${landmarker}; 1 where the class with the largest mean output over every ${every}th frame is the clip's label (no attention over frames, as EAT's figure has)`,
    weights: () => importedDigest("emotion"),
  },
  async (tools) => {
    const net = await tools.once("emotion", EmotionClassifier.open);
    if (net === null) throw new TalkfaceError("missing-file", "a classifier of emotions is not here: talkface import emotion FILE.onnx");
    return { classes: net.classes, classify: async ({ image, mesh }) => (mesh === null ? null : net.classify(image, to68(mesh))) };
  },
);

const labelAgreement = accuracy(
  {
    name: "expression-label",
    title: "share of clips whose expression is their emotion label",
    protocol: `expression-label: ${expressionProtocol}, ${landmarker}; 1 where the class of the largest mean probability over every ${every}th frame is the clip's label (not the accuracy of a classifier trained on MEAD)`,
  },
  async (tools) => {
    const net = await expressionNetOf(tools);
    return { classes: expressionNames.map(emotionName), classify: (frame) => expressionOf(net, frame) };
  },
);

export const expressionMetrics: readonly Metric[] = [agreement, labelAgreement, emotionAccuracy];
