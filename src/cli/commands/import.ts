/** `talkface import KIND FILE`: published networks of others as ONNX graphs of ours. */
import type { Command } from "commander";
import { join } from "node:path";
import { refuseOverwrite, sha256File } from "../../base/files.js";
import type { OnnxModel } from "../../graph/onnx.js";
import { arcfaceNetwork } from "../../metrics/imported/arcface.js";
import { defaultClasses, emotionNetwork, parseClasses, withClasses } from "../../metrics/imported/emotion.js";
import { inceptionNetwork } from "../../metrics/imported/inception.js";
import { tryPictureNetwork } from "../../metrics/imported/picture-network.js";
import { syncnetGraphs } from "../../metrics/syncnet/network.js";
import { type Expected, readForeignNetwork } from "../../store/foreign-network.js";
import { importedFolder, writeImported } from "../../store/imported.js";
import { readTorchFile } from "../../store/torch-file.js";
import { wav2lipGraph } from "../../systems/parts/wav2lip-weights.js";

interface Flags {
  readonly out?: string;
  readonly json?: boolean;
  readonly force?: boolean;
  readonly classes?: string;
}

interface Kind {
  readonly name: string;
  readonly description: string;
  /** What FILE is. */
  readonly file: string;
  /** The graphs by name. */
  readonly read: (file: string, flags: Flags) => Promise<Readonly<Record<string, OnnxModel>>>;
  /** Options of its own. */
  readonly options?: (command: Command) => void;
}

const torchFile = "weights as torch.save wrote them, in the legacy or the zip container";

const kinds: readonly Kind[] = [
  {
    name: "syncnet",
    description: "SyncNet v2 (syncnet_v2.model of the Visual Geometry Group, Oxford): talkface eval --metrics lse uses it then",
    file: torchFile,
    async read(file) {
      const { audio, video } = syncnetGraphs(await readTorchFile(file), file);
      return { audio: audio.toModel(), video: video.toModel() };
    },
  },
  {
    name: "wav2lip",
    description: "the generator of Wav2Lip (wav2lip.pth, wav2lip_gan.pth) as one graph: faces [1,6,96,96] and mel [1,1,80,16] to frame [1,3,96,96]",
    file: torchFile,
    read: async (file) => ({ generator: wav2lipGraph(await readTorchFile(file), file).toModel() }),
  },
  {
    name: "arcface",
    description: "an ArcFace network (aligned RGB [1,3,112,112] in -1..1 to [1,512]): talkface eval --metrics csim,acd uses it then",
    file: "the network as one ONNX file",
    read: (file) => pictureNetwork(file, arcfaceNetwork),
  },
  {
    name: "inception",
    description: "the Inception network of FID (RGB [1,3,299,299] in -1..1 to [1,2048], pytorch-fid's weights without its resizing): talkface eval --metrics fid uses it then",
    file: "the network as one ONNX file",
    read: (file) => pictureNetwork(file, inceptionNetwork),
  },
  {
    name: "emotion",
    description: "a classifier of emotions (RGB face [1,3,224,224] in 0..1 to a score for each class): talkface eval --metrics emotion-accuracy uses it then",
    file: "the network as one ONNX file",
    options: (command) => command.option("--classes <names>", "the classes in the order of the network's output", defaultClasses.join(",")),
    async read(file, { classes: text = defaultClasses.join(",") }) {
      const classes = parseClasses(text);
      const { network } = await pictureNetwork(file, emotionNetwork(classes));
      return { network: withClasses(network!, classes) };
    },
  },
];

export function registerImport(program: Command): void {
  const command = program
    .command("import")
    .description("networks that others published, as ONNX graphs: nothing in the file is executed, anything but tensors and known operators is refused")
    .addHelpText("after", "\nExamples:\n  talkface import syncnet syncnet_v2.model\n  talkface import wav2lip wav2lip_gan.pth --out wav2lip/\n  talkface import arcface w600k_r50.onnx\n  talkface import inception pt_inception-2015-12-05.onnx\n  talkface import emotion mead.onnx --classes happy,angry,disgusted,fear,sad,neutral,surprised,contempt\n");
  for (const kind of kinds) {
    const own = command
      .command(kind.name)
      .description(kind.description)
      .argument("<file>", kind.file)
      .option("--out <dir>", `folder for the graphs (default: $TALKFACE_HOME/models/${kind.name} or ${importedFolder(kind.name)})`)
      .option("--json", "the outcome as JSON")
      .option("--force", "replace what was imported before")
      .action((file: string, flags: Flags) => run(kind, file, flags));
    kind.options?.(own);
  }
}

async function pictureNetwork(file: string, expected: Expected): Promise<Readonly<Record<string, OnnxModel>>> {
  const network = await readForeignNetwork(file, expected);
  await tryPictureNetwork(network, expected, file);
  return { network };
}

async function run({ name, read }: Kind, file: string, flags: Flags): Promise<void> {
  const folder = flags.out ?? importedFolder(name);
  await refuseOverwrite(join(folder, "imported.json"), flags.force === true);
  const graphs = await read(file, flags);
  await writeImported(folder, name, await sha256File(file), graphs);
  const networks = Object.keys(graphs);
  process.stdout.write(flags.json === true ? `${JSON.stringify({ folder, networks })}\n` : `${folder}: ${name}, ${networks.length === 1 ? "one network" : `${networks.length} networks`}. Its weights keep the licence that they came with.\n`);
}
