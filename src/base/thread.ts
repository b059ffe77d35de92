/** Threads that serve a module of ours. */
import { Worker } from "node:worker_threads";

/**
 * Starts a thread that imports the module `url` and calls its exported function `entry`: the thread's own code is a line, so that no
 * module does anything when it is imported. Run from the sources (tests, benches) it needs the TypeScript loader, which threads do
 * not inherit. A thread in which a network may run is never terminated, for that aborts the process; it is told to end.
 */
export function startThread(url: string, entry: string): Worker {
  const loader = url.endsWith(".ts") ? `import(${JSON.stringify(import.meta.resolve("tsx/esm/api"))}).then((tsx) => tsx.register())` : "Promise.resolve()";
  return new Worker(`${loader}.then(() => import(${JSON.stringify(url)})).then((module) => module.${entry}())`, { eval: true });
}
