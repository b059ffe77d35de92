/** The kind of runner that a run's settings and the size of its networks ask for. */
import { TalkfaceError } from "../../base/errors.js";
import { oneProcess } from "../../runtime/ranks.js";
import { stateNames } from "../../systems/step-graph.js";
import type { TrainState } from "../state.js";
import { LoopRunner } from "./loop.js";
import { MeanGradientRunner } from "./mean-gradient.js";
import { OnDeviceRunner } from "./on-device.js";
import type { StepRunner, StepSettings } from "./runner.js";
import { SingleRunner } from "./single.js";

/** From so many weights on, an update by the piece saves more time and memory than a second and third run cost (CPU; on a GPU they would cross the bus). */
const manyWeights = 2 ** 22;

export async function openRunner(settings: StepSettings, state: TrainState): Promise<StepRunner> {
  const { accumulate, stepsPerRun, device, ranks = oneProcess } = settings;
  if (accumulate > 1 && stepsPerRun > 1) throw new TalkfaceError("usage", "--accumulate and --steps-per-run do not go together. Give one of them.");
  if (ranks.size > 1 && stepsPerRun > 1) throw new TalkfaceError("usage", "--steps-per-run does not go with several processes, which exchange gradients in every step. Leave it out.");
  if (stepsPerRun > 1 && device === "webgpu") throw new TalkfaceError("usage", "--steps-per-run needs a loop in the graph, which WebGPU does not have. Leave it out: the state stays on the device there anyway.");
  const weights = settings.phase.groups.reduce((sum, group) => sum + (state.get(stateNames(group).theta)?.length ?? 0), 0);
  const byPiece = weights >= manyWeights && stepsPerRun === 1 && (device === "cpu" || device === "auto");
  if (accumulate > 1 || ranks.size > 1 || byPiece) return MeanGradientRunner.open(settings, state);
  if (device === "webgpu") return OnDeviceRunner.open(settings, state);
  return stepsPerRun > 1 ? LoopRunner.open(settings, state) : SingleRunner.open(settings, state);
}

