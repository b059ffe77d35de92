/** `talkface synth`: pictures, an expression video and speech to a talking-face video. */
import { type Command, InvalidArgumentError, Option } from "commander";
import type { FaceChoice } from "../../face/analyzer.js";
import { devices, parseDevice } from "../../runtime/devices.js";
import { defaultModelFolder } from "../../synth/request.js";
import { defaultArticulation, defaultIntensity } from "../../synth/talking-model.js";
import { synthesize } from "../../synth/synthesize.js";
import { describeStages } from "../../synth/timings.js";

interface Flags {
  readonly id: string[];
  readonly expr?: string;
  readonly audio: string;
  readonly output: string;
  readonly frame: "crop" | "full";
  readonly size?: number;
  readonly crf: number;
  readonly seed: number;
  readonly articulation: number;
  readonly intensity: number;
  readonly face: FaceChoice;
  readonly model: string;
  readonly device: string;
  readonly preview?: boolean;
  readonly explain?: string;
  readonly timings?: boolean;
  readonly json?: boolean;
  readonly force?: boolean;
}

export function registerSynth(program: Command): void {
  program
    .command("synth")
    .description("make a talking-face video from pictures of a person, an expression video and speech")
    .requiredOption("--id <path...>", "who speaks: pictures, folders of pictures, or a video")
    .option("--expr <video>", "whose head motion and expression are taken over; left out: a still head with blinks")
    .requiredOption("--audio <file>", "the speech: any file with sound")
    .option("-o, --output <file>", "the video to make", "talking.mp4")
    .addOption(new Option("--frame <what>", "the face alone, or the identity picture with the face in it").choices(["crop", "full"]).default("crop"))
    .option("--size <pixels>", "side of the face (crop), longer side of the picture at the most (full)", number)
    .option("--crf <n>", "quality, 0 (lossless) to 51", number, 18)
    .option("--articulation <factor>", "how far the mouth moves; 1: as the model learned it", number, defaultArticulation)
    .option("--intensity <factor>", "how strongly the guide's lasting expression shows: 0 leaves that of the pictures, 1 gives it as it is found, which is timid", number, defaultIntensity)
    .option("--seed <n>", "decides where blinks fall", number, 0)
    .option("--face <which>", "face of the identity pictures: largest, or its number from the left", faceChoice, "largest")
    .option("--model <dir>", "folder of the model", defaultModelFolder)
    .addOption(new Option("--device <name>", "where networks run").choices(devices).default("cpu"))
    .option("--preview", "a sheet of frames beside the video")
    .option("--explain <file>", "draw how much identity, expression, speech and position weigh in each frame: a .png, or a .csv with the .png beside it")
    .option("--timings", "seconds and frames a second by stage, and memory")
    .option("--json", "the outcome as JSON on stdout")
    .option("--force", "overwrite the video and what is written beside it")
    .addHelpText("after", "\nExamples:\n  talkface synth --id pictures/ --expr guide.mp4 --audio speech.wav -o talking.mp4\n  talkface synth --id portrait.jpg --audio speech.flac --frame full --preview --timings\n  talkface synth --id portrait.jpg --audio speech.wav --explain weights.csv")
    .action(run);
}

async function run(flags: Flags): Promise<void> {
  const { id, expr, output, face, model, device, timings, json } = flags;
  const { audio, frame, size, crf, seed, articulation, intensity, preview, explain, force } = flags;
  const result = await synthesize({
    identity: id,
    guide: expr ?? null,
    audio,
    output,
    frame,
    size: size ?? null,
    crf,
    articulation,
    intensity,
    seed,
    face,
    modelFolder: model,
    device: parseDevice(device),
    preview: preview === true,
    ...(explain === undefined ? {} : { explain }),
    force: force === true,
  });
  if (json === true) {
    process.stdout.write(`${JSON.stringify(result)}\n`);
    return;
  }
  const { frames, width, height, views, timings: report } = result;
  process.stdout.write(`${output}: ${frames} frames of ${width} x ${height} from ${views} ${views === 1 ? "view" : "views"} in ${report.totalSeconds.toFixed(1)} s\n`);
  if (result.preview !== null) process.stdout.write(`${result.preview}: sheet of frames\n`);
  if (result.explanation !== null) process.stdout.write(`${result.explanation.table ?? result.explanation.picture}: weights of the modalities in every frame\n`);
  if (timings === true) process.stdout.write(`${describeStages(report)}\n`);
}

function number(text: string): number {
  if (!/^-?\d+(\.\d+)?$/.test(text)) throw new InvalidArgumentError("expected a number.");
  return Number(text);
}

function faceChoice(text: string): FaceChoice {
  if (text === "largest") return "largest";
  if (!/^[1-9]\d?$/.test(text)) throw new InvalidArgumentError("expected largest, or a number from 1.");
  return Number(text);
}
