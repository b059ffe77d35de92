/**
 * The ffmpeg process: where the program is, how a command is built and run, and what its failures mean.
 * Input files are untrusted: only local protocols and formats that hold all they show, arguments as arrays, every name as `file:<absolute path>` so that none is an option.
 */
import { constants } from "node:fs";
import { access, chmod, open, stat } from "node:fs/promises";
import { delimiter, join, resolve } from "node:path";
import { PassThrough, type Readable } from "node:stream";
import ffmpeg from "fluent-ffmpeg";
import { fromSystemError, TalkfaceError } from "../base/errors.js";
import { requireFile } from "../base/files.js";

export interface FfmpegProgram {
  readonly path: string;
  /** Where it was found: the environment variable, the search path, or the binary of an npm package (a 2018 build). */
  readonly source: "FFMPEG_PATH" | "PATH" | "npm";
}

/** Finds ffmpeg: FFMPEG_PATH, then the PATH, then the npm package's binary, made executable when install scripts were off. */
export async function locateFfmpeg(): Promise<FfmpegProgram> {
  const named = process.env["FFMPEG_PATH"];
  if (named !== undefined && named !== "") {
    if (await isExecutable(named)) return { path: resolve(named), source: "FFMPEG_PATH" };
    throw new TalkfaceError("missing-file", `FFMPEG_PATH=${named}: no program that can be run. Correct the variable or unset it.`);
  }
  const name = process.platform === "win32" ? "ffmpeg.exe" : "ffmpeg";
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    if (folder !== "" && (await isExecutable(join(folder, name)))) return { path: join(folder, name), source: "PATH" };
  }
  const path = await packagedFfmpeg();
  if (!(await isExecutable(path))) {
    await chmod(path, 0o755).catch((error: unknown) => {
      throw new TalkfaceError("io", `${path}: cannot be made executable. Run chmod +x on it, or set FFMPEG_PATH.`, { cause: error });
    });
  }
  return { path, source: "npm" };
}

async function packagedFfmpeg(): Promise<string> {
  try {
    const found = await import("@ffmpeg-installer/ffmpeg");
    return found.default.path;
  } catch (error) {
    throw new TalkfaceError("missing-file", "ffmpeg was not found: no FFMPEG_PATH, none on the PATH, none in the npm packages. Install ffmpeg.", { cause: error });
  }
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** Throws unless the path is a non-empty regular file that is no playlist (those would make ffmpeg open further files). */
export async function requireMediaFile(path: string): Promise<void> {
  try {
    const { size } = await requireFile(path, { code: "bad-media" });
    if (size === 0) throw new TalkfaceError("bad-media", `${path}: the file is empty, expected a media file.`);
    const handle = await open(path, "r");
    try {
      const head = Buffer.alloc(64);
      const { bytesRead } = await handle.read(head, 0, head.length, 0);
      const text = head.toString("latin1", 0, bytesRead);
      if (/^(\uFEFF|ï»¿)?\s*(#EXTM3U|ffconcat version|<\?xml|<MPD)/.test(text)) {
        throw new TalkfaceError("bad-media", `${path}: is a playlist, expected a media file.`);
      }
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw fromSystemError(error, path);
  }
}

export interface FfmpegInput {
  /** A local file, or raw bytes. */
  readonly source: string | Readable;
  readonly options: readonly string[];
}

export interface FfmpegOutput {
  readonly path: string;
  readonly options: readonly string[];
}

export interface FfmpegCommand {
  readonly inputs: readonly FfmpegInput[];
  readonly options: readonly string[];
  /** Files that are written by the same process; they are overwritten. */
  readonly beside?: readonly FfmpegOutput[];
  readonly logLevel?: "error" | "info";
  /** Lines of stderr that are kept, the last ones: 200 by default. */
  readonly stderrLines?: number;
}

export interface RunningFfmpeg {
  /** Settles when the process is gone: null, or the last lines of its stderr when it failed. */
  readonly ended: Promise<{ readonly failed: boolean; readonly stderr: string }>;
  kill(): void;
}

/**
 * Formats that are read: those whose files hold all that they show. Playlists and manifests (HLS, DASH, concat, IMF, SDP), patterns of pictures and subtitle
 * indices open further files, and ffmpeg knows some of them by a word anywhere in the text.
 */
const plainFormats = [
  ...["mov", "matroska", "avi", "mpeg", "mpegts", "mpegvideo", "asf", "flv", "ogg", "nut", "mxf", "wtv", "rm", "dv", "ivf", "obu", "h264", "hevc", "m4v", "h263", "vc1", "yuv4mpegpipe"],
  ...["mjpeg", "gif", "apng", "jpeg_pipe", "png_pipe", "webp_pipe", "bmp_pipe", "tiff_pipe"],
  ...["wav", "w64", "aiff", "au", "caf", "mp3", "aac", "flac", "ac3", "eac3", "dts", "amr", "amrnb", "amrwb", "ape", "wv", "tta", "gsm", "nistsphere"],
].join(",");

/** Starts ffmpeg towards a file or a stream and resolves once the process runs (or has failed to). */
export async function startFfmpeg(command: FfmpegCommand, target: string | PassThrough): Promise<RunningFfmpeg> {
  const program = await locateFfmpeg();
  const run = ffmpeg({ stdoutLines: command.stderrLines ?? 200 });
  run.setFfmpegPath(program.path);
  command.inputs.forEach((input, i) => {
    const isFile = typeof input.source === "string";
    const whitelist = isFile ? ["-protocol_whitelist", "file,pipe", "-format_whitelist", plainFormats] : [];
    const general = i === 0 ? ["-nostdin", "-hide_banner", "-loglevel", command.logLevel ?? "error"] : [];
    run.input(isFile ? fileUrl(input.source as string) : (input.source as Readable));
    run.inputOptions([...general, ...whitelist, ...input.options].map(unsplit));
  });
  if (typeof target === "string") run.output(fileUrl(target));
  else run.output(target, { end: true });
  run.outputOptions(command.options.map(unsplit));
  for (const { path, options } of command.beside ?? []) run.output(fileUrl(path)).outputOptions(options.map(unsplit));
  const ended = new Promise<{ failed: boolean; stderr: string }>((settle) => {
    run.on("end", (_out, stderr) => settle({ failed: false, stderr: stderr ?? "" }));
    run.on("error", (error, _out, stderr) => settle({ failed: true, stderr: stderr ?? error.message }));
  });
  const started = new Promise<void>((settle) => run.on("start", () => settle()));
  run.run();
  await Promise.race([started, ended]);
  return { ended, kill: () => run.kill("SIGKILL") };
}

/** fluent-ffmpeg splits a listed option at a single blank, for old times' sake; none of ours may contain exactly one. */
function unsplit(option: string): string {
  if (option.split(" ").length === 2) throw new TalkfaceError("internal", `ffmpeg option "${option}" would be split at its blank.`);
  return option;
}

function fileUrl(path: string): string {
  return `file:${resolve(path)}`;
}

/**
 * What the command writes, chunk by chunk; a slow reader slows ffmpeg down. Ends the process when the caller stops early.
 * `where` names the input in errors.
 */
export async function* ffmpegOutput(command: FfmpegCommand, where: string): AsyncGenerator<Uint8Array> {
  // No close event: fluent-ffmpeg would take it as the reader's farewell and kill a process that is about to end well.
  const stream = new PassThrough({ emitClose: false, highWaterMark: 1 << 20 });
  const running = await startFfmpeg(command, stream);
  void running.ended.then(({ failed }) => failed && stream.end());
  try {
    // A destroyed stream would be an error that ends the wait before the process is gone.
    for await (const chunk of stream.iterator({ destroyOnReturn: false })) yield chunk as Uint8Array;
    const { failed, stderr } = await running.ended;
    if (failed) throw mediaError(where, stderr);
    // ffmpeg calls it a success when the end of a file is missing.
    if (/partial file/i.test(stderr)) {
      throw new TalkfaceError("bad-media", `${where}: the file is truncated (its last part is missing). Copy or record it again.`);
    }
  } finally {
    running.kill();
    await running.ended;
    stream.destroy();
  }
}

/** A file, and what is to be written of it. */
export interface Decoding {
  readonly path: string;
  readonly outputs: readonly FfmpegOutput[];
}

/**
 * Decodes a few files in one process, whose start takes longer than decoding a second of video; `-map` counts the files from 0. True where ffmpeg had nothing to
 * say. Otherwise nothing of what is written is to be used, for nothing tells which of the files is at fault.
 */
export async function decodeTogether(files: readonly Decoding[]): Promise<boolean> {
  const inputs = files.map(({ path }) => ({ source: path, options: [] }));
  const [first, ...beside] = files.flatMap(({ outputs }) => outputs);
  if (first === undefined) return true;
  const { failed, stderr } = await (await startFfmpeg({ inputs, options: first.options, beside }, first.path)).ended;
  return !failed && stderr.trim() === "";
}

/** One sentence for the last lines of ffmpeg's stderr. */
export function mediaError(where: string, stderr: string): TalkfaceError {
  const say = (text: string): TalkfaceError => new TalkfaceError("bad-media", `${where}: ${text}`);
  // A text file named .mp4 also lacks that index: there the format was only guessed from the name.
  const isGuess = /detected only with low score/i.test(stderr);
  if (/moov atom not found|error reading header/i.test(stderr) && !isGuess) return say("the file is truncated or damaged (its index cannot be read). Copy or record it again.");
  if (/Permission denied/i.test(stderr)) return new TalkfaceError("io", `${where}: no permission. Change its rights or choose another path.`);
  if (/No space left/i.test(stderr)) return new TalkfaceError("io", `${where}: the disk is full. Free some space and run the same command again.`);
  if (/Format not on whitelist/i.test(stderr)) return say("is of a format that may refer to other files, or is neither video nor sound. Give a plain media file (MP4, Matroska, AVI, MPEG, WAV, ...).");
  if (/Protocol '.*' not on whitelist/i.test(stderr)) return say("refers to other files or to the network, which is not allowed. Give a plain media file.");
  if (/Cannot determine format of input stream|does not contain any stream/i.test(stderr)) {
    return say("holds nothing that can be decoded; it may be truncated. Give a complete media file.");
  }
  if (/Invalid data found when processing input|could not find codec parameters|End of file/i.test(stderr)) {
    return say("not a media file that ffmpeg can read. Give a video or sound file.");
  }
  const lines = stderr.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  return say(`ffmpeg failed (${lines.slice(-2).join(" / ").slice(0, 300) || "no message"}).`);
}
