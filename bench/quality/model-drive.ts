/** A deployed model driven by a clip, all of its frames at once. */
import { drawMoved, type Moved, prepareMoves } from "../../src/eval/driving.js";
import { faceAtRest, faceFrame, ownShape } from "../../src/features/face-frame.js";
import type { Image } from "../../src/media/image.js";
import { expressionEvery } from "../../src/synth/guide-motion.js";
import { ModelThread } from "../../src/synth/model-thread.js";
import type { DriveInput, FaceCrop, SelfDrive } from "./drive.js";

export interface ModelDrive {
  readonly drive: SelfDrive;
  readonly size: number;
  /** Identity pictures that one frame draws on. */
  readonly maximumViews: number;
  close(): Promise<void>;
}

export async function openModelDrive(folder: string): Promise<ModelDrive> {
  // In a thread of its own it draws the next frames while the last ones are looked at.
  const model = await ModelThread.open(folder, "cpu", () => undefined);
  // A clip is driven by several speeches: what does not hang on the speech is made once.
  const prepared = new WeakMap<readonly FaceCrop[], Promise<Moved>>();
  return {
    size: model.contract.size,
    maximumViews: model.maximumViews,
    close: () => model.close(),
    async drive(input) {
      let parts = prepared.get(input.views);
      if (parts === undefined) {
        parts = prepare(model, input);
        prepared.set(input.views, parts);
      }
      const images: Image[] = [];
      for await (const image of drawMoved(model, await parts, input.speech, input.frames)) images.push(image);
      return images;
    },
  };
}

async function prepare(model: ModelThread, { views, guide, lent = false, ownExpression = false }: DriveInput): Promise<Moved> {
  const faces = guide.map(({ mesh }) => faceFrame(mesh));
  const shown = views.map(({ image, mesh }) => ({ image, face: faceFrame(mesh) }));
  const seen = ownExpression ? [{ image: shown[0]!.image, shape: faceAtRest(shown.map(({ face }) => face)) }] : faces.flatMap((face, t) => (t % expressionEvery === 0 ? [{ image: guide[t]!.image, shape: ownShape(face) }] : []));
  return prepareMoves(model, { views: shown, guide: faces, expressions: await model.expression(seen), lent });
}
