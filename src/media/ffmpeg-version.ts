/** What the ffmpeg in use is and can do; for `talkface doctor`. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { TalkfaceError } from "../base/errors.js";
import { locateFfmpeg, type FfmpegProgram } from "./ffmpeg.js";

export interface FfmpegFacts extends FfmpegProgram {
  /** As the program prints it, e.g. "7.1.1" or "N-47683-g0e8eb07980-static". */
  readonly version: string;
  /** Year of the build's copyright line, null when it prints none. */
  readonly year: number | null;
  /** Encoders that talkface needs and this build lacks. */
  readonly missingEncoders: readonly string[];
}

const neededEncoders = ["libx264", "aac"];

/** Runs the located ffmpeg. Throws `missing-file` when there is none and `io` when it cannot run. */
export async function describeFfmpeg(): Promise<FfmpegFacts> {
  const program = await locateFfmpeg();
  const run = async (option: string): Promise<string> => {
    try {
      return (await promisify(execFile)(program.path, ["-hide_banner", option], { timeout: 20_000, maxBuffer: 1 << 22 })).stdout;
    } catch (error) {
      const reason = (error as Error).message.split("\n")[0] ?? "";
      throw new TalkfaceError("io", `${program.path}: cannot be run (${reason}). Install ffmpeg for this platform, or set FFMPEG_PATH.`, { cause: error });
    }
  };
  const head = await run("-version");
  const encoders = await run("-encoders");
  const years = /Copyright \(c\) 2000-(\d{4})/.exec(head);
  return {
    ...program,
    version: /^ffmpeg version (\S+)/.exec(head)?.[1] ?? "unknown",
    year: years === null ? null : Number(years[1]),
    missingEncoders: neededEncoders.filter((name) => !new RegExp(`^ [A-Z.]+ ${name} `, "m").test(encoders)),
  };
}
