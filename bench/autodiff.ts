/**
 * The gradient graphs of all systems against PyTorch's own differentiation of the same losses, from the real initial values.
 * Arguments: presets (default: tiny default). Fails where one relative error is not below 1e-3.
 */
import { checkAgainstTorch, findTorch, gradientGraphs } from "../test/support/torch-check.js";

const tolerance = 1e-3;

export async function run(args: readonly string[]): Promise<Record<string, number | string>> {
  const python = findTorch();
  if (python === null) {
    process.stderr.write("skipped: no python3 with torch and onnx here (Debian: apt-get install python3-torch python3-onnx).\n");
    return { skipped: "no-torch" };
  }
  const graphs = (args.length > 0 ? args : ["tiny", "default"]).flatMap(gradientGraphs);
  if (graphs.length === 0) throw new Error(`no system has a preset of the name ${args.join(", ")}`);
  process.stdout.write(row(["graph", "parameters", "nodes", "loss", "|grad|", "relative error"]));
  let worst = 0;
  let failed = 0;
  for (const graph of graphs) {
    const { parameters, nodes, loss, gradientNorm, relativeError } = checkAgainstTorch(python, graph);
    // a gradient of nothing agrees with anything, and NaN compares with nothing
    const good = gradientNorm > 0 && relativeError < tolerance;
    process.stdout.write(row([graph.name, parameters, nodes, loss.toPrecision(6), gradientNorm.toPrecision(4), `${relativeError.toExponential(2)}${good ? "" : "  FAILED"}`]));
    if (!good) failed += 1;
    worst = relativeError > worst || Number.isNaN(relativeError) ? relativeError : worst;
  }
  if (failed > 0) process.exitCode = 1;
  return { graphs: graphs.length, worst: worst.toExponential(2), ...(failed > 0 ? { failed } : {}) };
}

function row([name, ...cells]: readonly (string | number)[]): string {
  return `${String(name).padEnd(44)}${cells.map((cell) => String(cell).padStart(16)).join("")}\n`;
}
