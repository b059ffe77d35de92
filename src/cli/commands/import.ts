/** `talkface import syncnet FILE`: published weights of others as ONNX graphs of ours. */
import type { Command } from "commander";
import { join } from "node:path";
import { refuseOverwrite, sha256File } from "../../base/files.js";
import { syncnetGraphs } from "../../metrics/syncnet/network.js";
import { importedFolder, writeImported } from "../../store/imported.js";
import { readTorchFile } from "../../store/torch-file.js";

interface Flags {
  readonly out?: string;
  readonly json?: boolean;
  readonly force?: boolean;
}

export function registerImport(program: Command): void {
  program
    .command("import")
    .description("weights that others published, as ONNX graphs: nothing in the file is executed, anything but tensors is refused")
    .addHelpText("after", "\nExamples:\n  talkface import syncnet syncnet_v2.model\n")
    .command("syncnet")
    .description("SyncNet v2 (syncnet_v2.model of the Visual Geometry Group, Oxford): talkface eval --metrics lse uses it then")
    .argument("<file>", "weights as torch.save wrote them, in the legacy or the zip container")
    .option("--out <dir>", `folder for the graphs (default: $TALKFACE_HOME/models/syncnet or ${importedFolder("syncnet")}, where eval looks)`)
    .option("--json", "the outcome as JSON")
    .option("--force", "replace what was imported before")
    .action(async (file: string, flags: Flags) => {
      const folder = flags.out ?? importedFolder("syncnet");
      await refuseOverwrite(join(folder, "imported.json"), flags.force === true);
      const { audio, video } = syncnetGraphs(await readTorchFile(file), file);
      await writeImported(folder, "syncnet", await sha256File(file), { audio: audio.toModel(), video: video.toModel() });
      process.stdout.write(flags.json === true ? `${JSON.stringify({ folder, networks: ["audio", "video"] })}\n` : `${folder}: SyncNet's two networks. Its weights keep the licence that they came with.\n`);
    });
}
