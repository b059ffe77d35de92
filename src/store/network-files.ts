/** The ONNX files of a folder and their digests, which a description beside them names. */
import { join } from "node:path";
import { TalkfaceError } from "../base/errors.js";
import { readBytes, sha256, writeAtomic } from "../base/files.js";
import { encodeModel, type OnnxModel } from "../graph/onnx.js";

export interface NetworkFile {
  readonly file: string;
  readonly sha256: string;
}

export interface WrittenNetwork extends NetworkFile {
  readonly bytes: number;
}

/** Writes each graph as `<name>.onnx`. */
export async function writeNetworks(folder: string, graphs: Iterable<readonly [name: string, graph: OnnxModel]>): Promise<Record<string, WrittenNetwork>> {
  const written: Record<string, WrittenNetwork> = {};
  for (const [name, graph] of graphs) {
    const bytes = encodeModel(graph);
    const file = `${name}.onnx`;
    await writeAtomic(join(folder, file), bytes);
    written[name] = { file, sha256: sha256(bytes), bytes: bytes.length };
  }
  return written;
}

/** ONNX bytes by name. Throws `bad-model`, with what to do about it, where a file is missing or is not the one that the description names. */
export async function readNetworks(folder: string, files: Readonly<Record<string, NetworkFile>>, toDo: string): Promise<Map<string, Uint8Array>> {
  const networks = new Map<string, Uint8Array>();
  for (const [name, { file, sha256: expected }] of Object.entries(files)) {
    const at = join(folder, file);
    const bytes = await readBytes(at, { code: "bad-model" }).catch((error: unknown) => {
      if (error instanceof TalkfaceError && error.code === "missing-file") throw new TalkfaceError("bad-model", `${at}: is missing. ${toDo}`, { cause: error });
      throw error;
    });
    if (sha256(bytes) !== expected) throw new TalkfaceError("bad-model", `${at}: is damaged, its digest differs from the one in the description. ${toDo}`);
    networks.set(name, bytes);
  }
  return networks;
}
