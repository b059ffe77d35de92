/**
 * A phase's training step as something that takes batches and renews the state. Of four kinds (open.ts): one update a run, the same with the
 * state on a device, several updates in a loop within one run, one update with the mean gradient of several batches or processes.
 */
import type { UpdateRule } from "../../nn/optimizers/optimizer.js";
import type { Device } from "../../runtime/devices.js";
import type { Ranks } from "../../runtime/ranks.js";
import type { Tensor } from "../../runtime/tensor.js";
import type { Phase, System } from "../../systems/system.js";

export type Batch = Readonly<Record<string, Tensor>>;

/** What an update needs beside its batches: its number in the phase from 1, the rate, the share of the average that is kept. */
export interface Pace {
  readonly step: number;
  readonly rate: number;
  readonly memory: number;
}

/** Losses, norms, `skipped.G` and figures of an update; numbers that are none come out as they are. */
export type Figures = Readonly<Record<string, number>>;

export interface StepRunner {
  readonly batchesPerUpdate: number;
  /** Spent inside ONNX Runtime so far. */
  readonly seconds: number;
  /** One update per pace from its share of the batches, in order. */
  run(batches: readonly Batch[], paces: readonly Pace[]): Promise<readonly Figures[]>;
  /** Brings the state into the vectors that the runner was opened with, where it lies elsewhere meanwhile. */
  collect?(): Promise<void>;
  close(): Promise<void>;
}

export interface StepSettings {
  readonly system: System;
  readonly config: unknown;
  readonly phase: Phase<unknown>;
  readonly rule: UpdateRule;
  readonly device: Device;
  /** Batches of an update. */
  readonly accumulate: number;
  /** Who trains the same weights; by default nobody else. */
  readonly ranks?: Ranks;
  /** Updates of a run. */
  readonly stepsPerRun: number;
  /** False keeps two sets of state vectors even where one is enough. */
  readonly inPlace?: boolean;
}
