/**
 * Whether the guide's expression arrives: val people speak with their own speech and the head, brows and expression of guides whose faces differ
 * most. A classifier that took no part in training must find each guide in the made faces, among all of them. The same without the expression encoder
 * is the control. Prints a line for each guide; the last line has the means.
 *
 *   npm run bench -- expression --data PREPARED [--data MORE] [--model onnx/et-gan-acw] [--targets N] [--guides N] [--sheet DIR]
 */
import { parseArgs } from "node:util";
import { TalkfaceError } from "../src/base/errors.js";
import { info, progress } from "../src/base/log.js";
import { openDataset } from "../src/data/dataset.js";
import { fitLength, viewPlaces } from "../src/eval/driving.js";
import { createFaceAnalyzer } from "../src/face/analyzer.js";
import { createExpressionNet, expressionNames } from "../src/face/expression.js";
import type { Image } from "../src/media/image.js";
import { bootstrapMean, intervalProtocol, meanOf } from "../src/metrics/bootstrap.js";
import { pearson } from "../src/metrics/correlation.js";
import { expressionAgreement, expressionProtocol } from "../src/metrics/expression.js";
import { chooseGuides, type ExpressiveGuide, guideFrames, lookedAt, meanExpression, spreadPlaces } from "./expression/guides.js";
import { meanVector } from "../src/synth/guide-motion.js";
import { chooseClips, onePerPerson, samplesPerFrame, thinClips } from "./quality/clips.js";
import { openModelDrive } from "./quality/model-drive.js";
import { readLimit, requireSize } from "./quality/options.js";
import { scoreMouth, type SeenFrames, seeFrames } from "./quality/score.js";
import { spreadFrames, writeSheet } from "./quality/sheet.js";

const protocol =
  `${guideFrames} frames a video, of which ${lookedAt} are looked at; expression: mean probabilities of ${expressionProtocol}; agreement: their cosine with those of the guide's frames at the same instants, by chance with those of the other guides; found: share of the videos whose expression is nearest to that of their own guide; response: Pearson, over guides and classes, of a target's expressions less their mean with the guides' less theirs: 0 where a face does not care who guides it`;

/** One target driven by one guide. */
interface Drawn {
  readonly target: string;
  readonly guide: ExpressiveGuide;
  /** Mean probabilities [7]. */
  readonly expression: Float32Array;
  /** Pearson of its lip opening with the guide's: the speech is another's. */
  readonly lips: number;
}

export async function run(args: readonly string[]): Promise<Record<string, string | number>> {
  const { model: folder, data, targets, guides: guideCount, sheet } = readOptions(args);
  const model = await openModelDrive(folder);
  const dataset = await openDataset(data);
  try {
    requireSize(model, dataset, data);
    const net = await createExpressionNet();
    const analyzer = await createFaceAnalyzer();
    const guides = await chooseGuides(dataset, net, guideCount);
    const clips = thinClips(onePerPerson(chooseClips(dataset).clips), targets);
    if (guides.length < 2 || clips.length === 0) throw new TalkfaceError("bad-data", `${data.join(", ")}: ${guides.length} guides and ${clips.length} targets among val people, expected two guides of three seconds and a target with speech. Prepare val people.`);
    info(protocol);
    const shown = progress("expression", clips.length * guides.length, "videos");
    const [drawn, controls]: [Drawn[], Drawn[]] = [[], []];
    for (const [i, clip] of clips.entries()) {
      const { crops, speech } = await clip.read();
      const own = fitLength(speech, guideFrames * samplesPerFrame);
      const rows: SeenFrames["images"][] = [];
      for (const [g, guide] of guides.entries()) {
        shown.update(i * guides.length + g, clip.id);
        if (guide.person === clip.person) continue;
        const draw = (ownExpression: boolean): Promise<readonly Image[]> =>
          model.drive({ views: viewPlaces(crops.length).map((t) => crops[t]!), guide: guide.crops, speech: own, frames: guideFrames, lent: true, ownExpression });
        const shownBy: SeenFrames = { images: guide.crops.map(({ image }) => image), meshes: guide.crops.map(({ mesh }) => mesh) };
        rows.push(shownBy.images);
        for (const list of [drawn, controls]) {
          const images = await draw(list === controls);
          rows.push(images);
          const made = await seeFrames(analyzer, images);
          const expression = await meanExpression(net, spreadPlaces(guideFrames).map((t) => ({ image: made.images[t]!, mesh: made.meshes[t] ?? null })));
          if (expression === null) continue;
          const { lips } = scoreMouth(shownBy, made, new Set());
          list.push({ target: clip.id, guide, expression, lips });
        }
      }
      if (sheet !== null) await writeSheet(sheet, clip.id, rows.map(spreadFrames));
    }
    shown.finish();
    return report(drawn, controls, guides);
  } finally {
    await dataset.close();
    await model.close();
  }
}

function report(drawn: readonly Drawn[], controls: readonly Drawn[], guides: readonly ExpressiveGuide[]): Record<string, string | number> {
  const agreement = ({ expression, guide }: Drawn): number => expressionAgreement(expression, guide.expression);
  const chance = ({ expression, guide }: Drawn): number => meanOf(guides.filter((other) => other !== guide).map((other) => expressionAgreement(expression, other.expression)));
  const isFound = (video: Drawn): number => (guides.every((other) => other === video.guide || expressionAgreement(video.expression, other.expression) < agreement(video)) ? 1 : 0);
  const figure = (values: readonly number[]): string => meanOf(values).toFixed(3);
  const meanOfVideos = (videos: readonly Drawn[], guide: ExpressiveGuide): string => described(meanVector(videos.filter((video) => video.guide === guide).map(({ expression }) => expression)));
  for (const guide of guides) {
    const own = drawn.filter((video) => video.guide === guide);
    if (own.length > 0) process.stdout.write(`${guide.id}: ${described(guide.expression)}; made: ${meanOfVideos(drawn, guide)}; without: ${meanOfVideos(controls, guide)}; agreement ${figure(own.map(agreement))}, chance ${figure(own.map(chance))}, found ${figure(own.map(isFound))}\n`);
  }
  const line = (name: string, values: readonly number[], of: string): void => {
    const { mean, low, high, count } = bootstrapMean(values);
    process.stdout.write(`${name}: ${mean.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}] over ${count} ${of}\n`);
  };
  const above = (videos: readonly Drawn[]): number[] => videos.map((video) => agreement(video) - chance(video));
  line("agreement less chance", above(drawn), "videos");
  line("agreement less chance, without the expression encoder", above(controls), "videos");
  const [responses, without] = [responsesOf(drawn), responsesOf(controls)];
  line("response", responses, "targets");
  line("response without the expression encoder", without, "targets");
  process.stdout.write(`${intervalProtocol}, or targets\n`);
  return {
    videos: drawn.length, guides: guides.length,
    agreement: figure(drawn.map(agreement)), chance: figure(drawn.map(chance)), found: figure(drawn.map(isFound)), response: figure(responses),
    agreement_without: figure(controls.map(agreement)), chance_without: figure(controls.map(chance)), found_without: figure(controls.map(isFound)), response_without: figure(without),
    found_chance: (1 / guides.length).toFixed(3),
    guide_lips: figure(drawn.map(({ lips }) => lips)),
  };
}

/** One for each target. */
function responsesOf(videos: readonly Drawn[]): number[] {
  return [...new Set(videos.map(({ target }) => target))].map((target) => responseOf(videos.filter((video) => video.target === target)));
}

/** Of the videos of one target. */
function responseOf(videos: readonly Drawn[]): number {
  const changes = (expressions: readonly Float32Array[]): Float32Array => {
    const mean = meanVector(expressions);
    return Float32Array.from(expressions.flatMap((each) => [...each.map((value, i) => value - mean[i]!)]));
  };
  return pearson(changes(videos.map(({ expression }) => expression)), changes(videos.map(({ guide }) => guide.expression)));
}

/** What a face shows, in words. */
function described(expression: Float32Array): string {
  return [...expressionNames].map((name, i) => ({ name, share: expression[i]! })).filter(({ share }) => share >= 0.1).sort((a, b) => b.share - a.share).map(({ name, share }) => `${name} ${share.toFixed(2)}`).join(" ");
}

function readOptions(args: readonly string[]): { model: string; data: readonly string[]; targets: number; guides: number; sheet: string | null } {
  const text = { type: "string" } as const;
  const { values } = parseArgs({ args: [...args], options: { model: text, data: { type: "string", multiple: true }, targets: text, guides: text, sheet: text } });
  const { model = "onnx/et-gan-acw", data = [], targets, guides, sheet = null } = values;
  return { model, data, targets: readLimit(targets, 6), guides: readLimit(guides, 8), sheet };
}
