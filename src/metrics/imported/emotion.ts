/** A classifier of emotions as a user imported it: the emotion of a clip, for emotion accuracy. */
import { emotionName, emotions } from "../../base/emotions.js";
import { TalkfaceError } from "../../base/errors.js";
import { faceBox } from "../../face/face-box.js";
import { decodeModel, type OnnxModel } from "../../graph/onnx.js";
import type { Image } from "../../media/image.js";
import { warpToFloat } from "../../media/transform.js";
import type { Expected } from "../../store/foreign-network.js";
import { readImported } from "../../store/imported.js";
import { PictureNetwork, planesOf } from "./picture-network.js";

const side = 224;

/** [1,3,224,224] in 0..1 to a score for each class. */
export function emotionNetwork(classes: readonly string[]): Expected {
  return { name: "a classifier of emotions", input: [1, 3, side, side], output: classes.length };
}

export const defaultClasses: readonly string[] = emotions;

/** Names of classes in the order of a network's output. Throws `usage` where one stands twice or there are fewer than two. */
export function parseClasses(text: string): string[] {
  const names = text.split(",").map(emotionName);
  if (names.length < 2 || names.includes("") || new Set(names).size < names.length) {
    throw new TalkfaceError("usage", `--classes ${text}: expected two different names or more, comma-separated, in the order of the network's output, as ${emotions.join(",")}.`);
  }
  return names;
}

/** The network with the names of its classes. */
export function withClasses(network: OnnxModel, classes: readonly string[]): OnnxModel {
  return { ...network, metadata: { classes: JSON.stringify(classes) } };
}

export class EmotionClassifier {
  readonly classes: readonly string[];
  readonly #network: PictureNetwork;

  private constructor(classes: readonly string[], network: PictureNetwork) {
    this.classes = classes;
    this.#network = network;
  }

  /** Null where none was imported. Throws `bad-model` where its classes are not named. */
  static async open(): Promise<EmotionClassifier | null> {
    const bytes = (await readImported("emotion"))?.["network"];
    if (bytes === undefined) return null;
    const { metadata } = decodeModel(bytes, "emotion");
    if (metadata["classes"] === undefined) throw new TalkfaceError("bad-model", "the classifier of emotions as imported does not name its classes. Import it again with --force.");
    const classes = JSON.parse(metadata["classes"]) as string[];
    return new EmotionClassifier(classes, await PictureNetwork.open(bytes, emotionNetwork(classes)));
  }

  /** A score for each class of the face with the 68 points [L,2] in pixels of the picture; null where the face lies outside of it. */
  async classify(image: Image, landmarks: Float32Array): Promise<Float32Array | null> {
    const box = faceBox(image, landmarks, side);
    if (box === null) return null;
    return this.#network.run(planesOf(warpToFloat(box.picture, box.toPicture, side, side, { scale: 1 / 255, offset: 0, border: "black" }), side));
  }
}
