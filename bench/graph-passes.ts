/**
 * What the passes over graphs bring: nodes and time of a gradient graph as it was built and as it is written,
 * in turn. Then the predicted peak of its activations beside the growth of the process's memory. Arguments: preset, phase, rounds.
 */
import { graphCost } from "../src/graph/cost/cost.js";
import { encodeGraph } from "../src/graph/encode.js";
import { liveNodes } from "../src/graph/passes/live.js";
import { createSession, type Session } from "../src/runtime/session.js";
import { initialValues } from "../src/nn/params.js";
import { floats } from "../src/runtime/tensor.js";
import { lossGraph } from "../src/systems/graphs.js";
import { paramTables } from "../src/systems/phase-graph.js";
import { findSystem } from "../src/systems/registry.js";
import { randomFeeds } from "../test/support/feeds.js";

export async function run([preset = "default", phaseName = "render", rounds = "5"]: readonly string[]): Promise<Record<string, number | string>> {
  const system = findSystem("et-gan-acw");
  const config = system.presets[preset];
  const phase = system.phases.find(({ name }) => name === phaseName);
  if (config === undefined || phase === undefined) throw new Error(`no preset ${preset} or no phase ${phaseName}`);
  const group = phase.groups[0]!;
  const graph = lossGraph(system, config, phase, group, "grad");
  const written = graph.toModel();
  const built = encodeGraph(graph, {}, { nodes: liveNodes(graph.outputs.values(), graph.nodes), outputs: graph.outputs, constantData: (value) => graph.constantData(value) });
  const theta = initialValues(paramTables(system, config).get(group)!, 0);
  const feeds = (session: Session) => ({ ...randomFeeds(session, 128, 1), theta: floats(theta, [theta.length]) });

  // memory first, while the process is young
  const session = await createSession(written, { training: true });
  const before = process.memoryUsage().rss;
  await session.run(feeds(session));
  const grown = process.resourceUsage().maxRSS * 1024 - before;
  const { peakActivationBytes } = graphCost(graph, 1).memory;

  const other = await createSession(built, { training: true });
  await other.run(feeds(other));
  const [after, earlier]: [number[], number[]] = [[], []];
  for (let i = 0; i < Number(rounds); i++) {
    for (const [each, times] of [[session, after], [other, earlier]] as const) {
      const start = performance.now();
      await each.run(feeds(each));
      times.push(performance.now() - start);
    }
    process.stdout.write(`round ${i}: as built ${earlier[i]!.toFixed(0)} ms, as written ${after[i]!.toFixed(0)} ms\n`);
  }
  await Promise.all([session.release(), other.release()]);
  const median = (list: readonly number[]): number => list.toSorted((a, b) => a - b)[list.length >> 1]!;
  return {
    graph: `${preset}-${phaseName}-${group}`,
    nodesBuilt: built.graph.nodes.length,
    nodesWritten: written.graph.nodes.length,
    msBuilt: Math.round(median(earlier)),
    msWritten: Math.round(median(after)),
    fastest: (Math.min(...after) / Math.min(...earlier)).toFixed(3),
    predictedPeakMB: Math.round(peakActivationBytes / 1e6),
    grownMB: Math.round(grown / 1e6),
    ratio: (grown / peakActivationBytes).toFixed(2),
  };
}
