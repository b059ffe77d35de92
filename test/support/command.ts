/** Runs the command line from its sources in a process of its own. */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";

export interface CommandResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const root = fileURLToPath(new URL("../..", import.meta.url));
const script = 'import("./src/cli/main.ts").then(({ main }) => main(process.argv.slice(1)))';

/** What node runs the command line with. */
export function nodeArguments(args: readonly string[]): string[] {
  return ["--import", "tsx", "--eval", script, "--", ...args];
}

/** Runs to the end; relative paths in `args` count from the repository. */
export function runTalkface(args: readonly string[], environment: Readonly<Record<string, string>> = {}): CommandResult {
  const { status, stdout, stderr } = spawnSync(process.execPath, nodeArguments(args), { cwd: root, encoding: "utf8", env: { ...process.env, ...environment } });
  return { status, stdout, stderr };
}

/** Starts in a process group of its own, as a terminal does, and returns at once. */
export function startTalkface(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, nodeArguments(args), { cwd: root, stdio: ["ignore", "pipe", "pipe"], detached: true });
}
