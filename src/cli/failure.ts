/** How a failed command ends: one sentence on stderr and an exit status. The only place that words it. */
import { CommanderError } from "commander";
import { exitStatus, fromSystemError, TalkfaceError } from "../base/errors.js";

export interface Failure {
  /** What stderr gets; empty where commander has said all (help, version). */
  readonly text: string;
  readonly status: number;
}

/** What to say of anything that was thrown. A stack is shown only for our own bugs, and only when asked for. */
export function describeFailure(thrown: unknown, debug: boolean): Failure {
  if (thrown instanceof CommanderError) {
    if (thrown.exitCode === 0) return { text: "", status: exitStatus.done };
    // Help printed because no command was given is wrong usage that has been explained already.
    const text = thrown.code === "commander.help" ? "" : `talkface: ${sentence(thrown.message.replace(/^error: /, ""))} See talkface --help.\n`;
    return { text, status: exitStatus.usage };
  }
  const error = fromSystemError(thrown, systemPath(thrown));
  if (error instanceof TalkfaceError) {
    return { text: `talkface: ${error.message}\n${debug ? `${stackOf(error)}\n` : ""}`, status: error.exitStatus };
  }
  const message = error instanceof Error ? error.message : String(error);
  const help = debug ? `${stackOf(error)}\n` : "Run it again with --debug for the place, and talkface doctor for the machine.\n";
  return { text: `talkface: internal: ${sentence(message.split("\n")[0] ?? "")}\n${help}`, status: exitStatus.failed };
}

function systemPath(thrown: unknown): string {
  const path = (thrown as NodeJS.ErrnoException | null)?.path;
  return typeof path === "string" ? path : "a file";
}

function sentence(text: string): string {
  const trimmed = text.trim().replace(/\s+/g, " ");
  return /[.!?]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return "";
  const own = error.stack ?? "";
  return error.cause instanceof Error ? `${own}\ncaused by ${stackOf(error.cause)}` : own;
}
