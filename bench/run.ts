/** `npm run bench -- NAME [args]`: runs bench/NAME.ts and ends with the line `NAME key=value ...`. */
import { readdirSync } from "node:fs";

/** What bench/NAME.ts exports: takes the arguments after the name and returns the figures of the last line. */
interface Bench {
  readonly run: (args: readonly string[]) => Promise<Readonly<Record<string, string | number>>>;
}

const names = readdirSync(new URL(".", import.meta.url))
  .filter((file) => file.endsWith(".ts") && file !== "run.ts")
  .map((file) => file.slice(0, -3))
  .sort();
const [name, ...args] = process.argv.slice(2);
if (name === undefined || !names.includes(name)) {
  process.stderr.write(`usage: npm run bench -- NAME [args]; NAME is one of ${names.join(", ")}.\n`);
  process.exitCode = 2;
} else {
  const bench = (await import(new URL(`${name}.ts`, import.meta.url).href)) as Bench;
  const figures = await bench.run(args);
  process.stdout.write(`${[name, ...Object.entries(figures).map(([key, value]) => `${key}=${value}`)].join(" ")}\n`);
}
