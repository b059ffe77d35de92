/** The person who is to speak, as the model and the paste need it. */
import { warn } from "../base/log.js";
import type { FaceAnalyzer } from "../face/analyzer.js";
import { faceFrame, planar } from "../features/face-frame.js";
import { type Image, resizeImage } from "../media/image.js";
import { composeAffine } from "../media/transform.js";
import { alignFace, type Candidate, readCandidates, readSource } from "./candidates.js";
import { chooseViews } from "./identity-views.js";
import type { PasteTarget } from "./paste.js";
import type { SynthRequest } from "./request.js";
import type { FaceView, TalkingModel } from "./talking-model.js";
import type { StageClock } from "./timings.js";

/** The longer side of a full picture where none is asked for: larger ones take long to encode and the face gains nothing. */
const fullSide = 1280;

export interface Target {
  /** The leading view first. */
  readonly views: readonly FaceView[];
  /** Where the face goes for `--frame full`, null for the face alone. */
  readonly paste: PasteTarget | null;
}

/** Reads, chooses and aligns the identity pictures. */
export async function readTarget(request: SynthRequest, model: Pick<TalkingModel, "contract" | "maximumViews">, analyzer: FaceAnalyzer, clock: StageClock): Promise<Target> {
  const { size } = model.contract;
  const { face } = request;
  const candidates = await readCandidates(request.identity, analyzer, clock, { size, face });
  const chosen = await clock.during("features", () => chooseViews(candidates, model.maximumViews));
  if (request.frame === "crop") return { views: chosen.map(viewOf), paste: null };

  let [leader] = chosen as [Candidate, ...Candidate[]];
  const picture = await clock.during("decode", () => readSource(leader.where));
  if (leader.where.second !== null) {
    // Seeking may give the neighbour of the frame that was looked at, so the face is found again in this one.
    const again = await clock.during("face", () => alignFace(picture, leader.where, analyzer, { size, face }));
    if (again === null) warn(`${leader.where.path}: the face was not found again at ${leader.where.second.toFixed(2)} s; its old place is used.`);
    leader = again ?? leader;
  }
  return { views: [leader, ...chosen.slice(1)].map(viewOf), paste: await pasteTarget(leader, picture, size, request.size ?? fullSide) };
}

function viewOf({ crop, mesh }: Candidate): FaceView {
  return { image: crop, face: faceFrame(mesh) };
}

/** The picture, shrunk so that its longer side is at most `longest`, with the face's place in it. */
async function pasteTarget(leader: Candidate, source: Image, size: number, longest: number): Promise<PasteTarget> {
  const ratio = Math.min(1, longest / Math.max(source.width, source.height));
  const picture = await resizeImage(source, Math.max(2, Math.round(source.width * ratio)), Math.max(2, Math.round(source.height * ratio)));
  const toPicture = composeAffine([picture.width / source.width, 0, 0, 0, picture.height / source.height, 0], leader.cropToSource);
  return { picture, cropToSource: toPicture, size, points: planar(faceFrame(leader.mesh).points) };
}
