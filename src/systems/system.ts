/** What a published system is to the rest of the toolkit: one value. No shared code asks which system it has. */
import type { Graph } from "../graph/graph.js";
import type { Value } from "../graph/value.js";
import type { Params } from "../nn/params.js";
import type { Dtype } from "../graph/onnx.js";

/** One input of a batch: its name, element type and shape. */
export interface BatchField {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
}

/** A loss and the group that learns from it, with further figures for the journal (all scalars). */
export interface PhaseLoss {
  readonly group: string;
  readonly loss: Value;
}

export interface PhaseResult {
  readonly losses: readonly PhaseLoss[];
  readonly figures: Readonly<Record<string, Value>>;
  /** Pictures [N, H, W, 3] uint8 for sample sheets: rows of the sheet by name; built into the sample graph only. */
  readonly pictures: Readonly<Record<string, Value>>;
}

/** A figure of validation and which of its values are good. */
export interface Judgement {
  readonly figure: string;
  readonly better: "lower" | "higher";
}

/** A stage of training: which batch it needs and which group learns from what. */
export interface Phase<Config> {
  readonly name: string;
  readonly groups: readonly string[];
  readonly defaultSteps: number;
  readonly defaultRate: number;
  /** What decides which weights are kept as the best; by default the lowest loss of the phase's first group. */
  readonly judgedBy?: Judgement;
  batch(config: Config): readonly BatchField[];
  /** `training` false leaves out dropout. */
  build(config: Config, params: (group: string) => Params, batch: (name: string) => Value, training: boolean): PhaseResult;
}

/** A graph of the deployed model. `build` marks the outputs itself. */
export interface DeployedNetwork<Config> {
  readonly name: string;
  readonly inputs: (config: Config) => readonly BatchField[];
  readonly build: (config: Config, graph: Graph, params: Params, inputs: (name: string) => Value) => void;
}

/** How a trained model is made to fit one person by little footage and in little time. */
export interface Personal<Config> {
  readonly phases: readonly { readonly name: string; readonly steps: number; readonly rate: number }[];
  /** The model's configuration as it is trained on: the deployed networks must stay what they are. */
  adapt(config: Config): Config;
}

export interface System<Config = unknown> {
  readonly name: string;
  readonly title: string;
  readonly citation: string;
  readonly groups: readonly string[];
  /** Groups that are used but never learn here, and the system whose trained model fills them. */
  readonly experts?: Readonly<Record<string, string>>;
  /** Checks a parsed JSON value and fills defaults; unknown keys are refused. */
  parseConfig(value: unknown): Config;
  readonly presets: Readonly<Record<string, Config>>;
  readonly phases: readonly Phase<Config>[];
  readonly networks: readonly DeployedNetwork<Config>[];
  readonly personal?: Personal<Config>;
}
