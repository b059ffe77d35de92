/** Runs sources in several processes under mpirun. */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

export const hasMpirun = spawnSync("mpirun", ["--version"]).status === 0;

/** For the name of a test that needs mpirun. */
export const mpirunNote = hasMpirun ? "" : " (skipped: mpirun is not installed, on Debian apt-get install openmpi-bin)";

/** For containers with few cores, in which one process may not read another's memory. */
const options = ["--oversubscribe", "--bind-to", "none", "--mca", "btl_vader_single_copy_mechanism", "none"];

const environment = { ...process.env, OMPI_ALLOW_RUN_AS_ROOT: "1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1" };

/** Starts `ranks` processes of `node ARGS`; relative paths count from the repository. */
export function startRanks(ranks: number, args: readonly string[], variables: Readonly<Record<string, string>> = {}, more: readonly string[] = []): ChildProcess {
  return spawn("mpirun", ["-n", String(ranks), ...options, ...more, process.execPath, ...args], { cwd: root, stdio: ["ignore", "pipe", "pipe"], env: { ...environment, ...variables } });
}

export interface RanksResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What the processes printed, once all have ended. */
export async function endOf(child: ChildProcess): Promise<RanksResult> {
  let [stdout, stderr] = ["", ""];
  child.stdout?.on("data", (text: Buffer) => (stdout += text.toString()));
  child.stderr?.on("data", (text: Buffer) => (stderr += text.toString()));
  const status = await new Promise<number | null>((resolve) => child.once("close", (code) => resolve(code)));
  return { status, stdout, stderr };
}

/** Runs a piece of a module in every rank: `ranks` is joined already. */
export function evalRanks(ranks: number, body: string, variables: Readonly<Record<string, string>> = {}): Promise<RanksResult> {
  const script = `import("./src/runtime/ranks.ts").then(async ({ joinRanks, anyRank }) => { const ranks = await joinRanks(); ${body} })`;
  return endOf(startRanks(ranks, ["--import", "tsx", "--eval", script], variables));
}
