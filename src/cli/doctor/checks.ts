/** What talkface needs of a machine, one check each. Native packages are loaded inside the checks, so that a broken one is reported. */
import { readdir } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { TalkfaceError } from "../../base/errors.js";
import { exists } from "../../base/files.js";

export interface Finding {
  readonly name: string;
  /** `missing`: something optional that is not there; `failed`: something needed that does not work. */
  readonly status: "ok" | "warning" | "missing" | "failed";
  readonly detail: string;
  /** What to do; empty where nothing is to be done. */
  readonly remedy: string;
}

const oldestNode = 20;
/** Builds before this year lack options and fixes that current ones have. */
const oldFfmpegYear = 2021;
const modelsFolder = fileURLToPath(new URL("../../../onnx", import.meta.url));

/** All findings in the order in which they are shown. */
export async function* examineMachine(): AsyncGenerator<Finding> {
  yield checkNode(process.versions.node);
  yield await guarded("ffmpeg", checkFfmpeg);
  yield await guarded("pictures", checkPictures);
  for (const provider of ["cpu", "cuda", "webgpu"] as const) yield await guarded(provider, () => checkProvider(provider));
  yield await guarded("mpi", checkMpi);
  yield await guarded("face networks", checkFaceNetworks);
  const models = await shippedModels();
  if (models.length === 0) {
    yield { name: "models", status: "missing", detail: "none came with this package", remedy: "talkface train and talkface export make one; synth takes it with --model." };
  }
  for (const model of models) yield await guarded(`model ${model}`, () => checkModel(model));
}

export function checkNode(version: string): Finding {
  const isNew = Number(version.split(".")[0]) >= oldestNode;
  return isNew
    ? { name: "node", status: "ok", detail: `${version} on ${process.platform} ${process.arch}`, remedy: "" }
    : { name: "node", status: "failed", detail: version, remedy: `Install Node ${oldestNode} or newer.` };
}

async function checkFfmpeg(): Promise<Finding> {
  const { describeFfmpeg } = await import("../../media/ffmpeg-version.js");
  const { path, source, version, year, missingEncoders } = await describeFfmpeg();
  const origin = source === "npm" ? "the npm package's binary" : `${path}, by ${source}`;
  const detail = `${version}${year === null ? "" : ` (${year})`}, ${origin}`;
  if (missingEncoders.length > 0) {
    return { name: "ffmpeg", status: "failed", detail: `${detail}, without ${missingEncoders.join(" and ")}`, remedy: "Install a complete ffmpeg, or set FFMPEG_PATH to one." };
  }
  const isOld = year !== null && year < oldFfmpegYear;
  return { name: "ffmpeg", status: isOld ? "warning" : "ok", detail, remedy: isOld ? "It works but is old, and newer formats may not open: install a current ffmpeg, or set FFMPEG_PATH to one." : "" };
}

async function checkPictures(): Promise<Finding> {
  const { decodeImage, encodePng } = await import("../../media/image.js");
  const picture = await decodeImage(await encodePng({ data: Uint8Array.of(1, 2, 3), width: 1, height: 1 }), "a test picture");
  if (picture.data[2] !== 3) return { name: "pictures", status: "failed", detail: "sharp returns wrong pixels", remedy: "Install the packages again (npm ci)." };
  return { name: "pictures", status: "ok", detail: "sharp reads and writes", remedy: "" };
}

async function checkProvider(provider: "cpu" | "cuda" | "webgpu"): Promise<Finding> {
  const { probeDevice } = await import("../../runtime/devices.js");
  const { available, missing, remedy } = await probeDevice(provider);
  if (available) return { name: provider, status: "ok", detail: "creates and runs a network", remedy: "" };
  return { name: provider, status: provider === "cpu" ? "failed" : "missing", detail: missing, remedy };
}

/** Only training in several processes needs it. */
async function checkMpi(): Promise<Finding> {
  const { mpiRemedy, mpiVersion } = await import("../../runtime/mpi.js");
  try {
    const version = mpiVersion();
    const folders = (process.env["PATH"] ?? "").split(delimiter);
    const launchers = await Promise.all(folders.map((folder) => exists(join(folder, "mpirun"))));
    if (launchers.includes(true)) return { name: "mpi", status: "ok", detail: `${version}: mpirun can start several processes that train together`, remedy: "" };
    return { name: "mpi", status: "missing", detail: `${version}, but no mpirun on the PATH: only srun can start several processes`, remedy: mpiRemedy };
  } catch {
    return { name: "mpi", status: "missing", detail: "no Open MPI: training runs in one process", remedy: mpiRemedy };
  }
}

async function checkFaceNetworks(): Promise<Finding> {
  const { createFaceAnalyzer } = await import("../../face/analyzer.js");
  const analyzer = await createFaceAnalyzer();
  const side = 256;
  await analyzer.find({ data: new Uint8Array(side * side * 3).fill(128), width: side, height: side }, "largest");
  return { name: "face networks", status: "ok", detail: "digests are right, detection runs", remedy: "" };
}

/** Names of the model folders that came with the package. */
async function shippedModels(): Promise<string[]> {
  if (!(await exists(modelsFolder))) return [];
  const entries = await readdir(modelsFolder, { withFileTypes: true });
  const isModel = await Promise.all(entries.map((entry) => exists(join(modelsFolder, entry.name, "model.json"))));
  return entries.filter((_, i) => isModel[i]).map((entry) => entry.name);
}

/** Digests, and one run of every network: creating a session alone proves nothing. */
async function checkModel(name: string): Promise<Finding> {
  const { readModel } = await import("../../store/model.js");
  const { createSession } = await import("../../runtime/session.js");
  const { zerosTensor } = await import("../../runtime/tensor.js");
  const { networks, description } = await readModel(join(modelsFolder, name));
  for (const [network, bytes] of networks) {
    const session = await createSession(bytes, { where: `${name}/${network}.onnx` });
    const feeds = Object.fromEntries(session.inputs.map((input) => [input.name, zerosTensor(input.dtype, input.shape.map((n) => (typeof n === "number" ? n : 1)))]));
    await session.run(feeds);
    await session.release();
  }
  const megabytes = Object.values(description.networks).reduce((sum, { bytes }) => sum + bytes, 0) / 1e6;
  return { name: `model ${name}`, status: "ok", detail: `${networks.size} networks, ${megabytes.toFixed(1)} MB, digests are right, all run; weights: ${description.licence}`, remedy: "" };
}

/** A check that throws has failed; its error says what to do. */
async function guarded(name: string, check: () => Promise<Finding>): Promise<Finding> {
  try {
    return await check();
  } catch (error) {
    if (!(error instanceof TalkfaceError)) {
      const reason = (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";
      return { name, status: "failed", detail: reason, remedy: "Install the packages again (npm ci)." };
    }
    const [detail, remedy] = firstSentence(error.message);
    return { name, status: "failed", detail, remedy };
  }
}

/** A message as what is the matter and what to do. */
function firstSentence(message: string): [string, string] {
  const end = /[.!?]\s+(?=[A-Z])/.exec(message);
  return end === null ? [message, ""] : [message.slice(0, end.index), message.slice(end.index + end[0].length)];
}
