/** What the parts of a training run share. */
import type { DataContract } from "../base/contract.js";
import type { BatchThread } from "../data/batch-thread.js";
import type { ClipCache } from "../data/clip-cache.js";
import type { ClipEntry } from "../data/dataset.js";
import type { UpdateRule } from "../nn/optimizers/optimizer.js";
import type { ParamTable } from "../nn/params.js";
import type { Device } from "../runtime/devices.js";
import type { Ranks } from "../runtime/ranks.js";
import type { System } from "../systems/system.js";
import type { BestKeeper } from "./best.js";
import type { TrainConfig } from "./config.js";
import type { Deadline } from "./deadline.js";
import type { Journal } from "./journal.js";

export interface TrainOptions {
  readonly out: string;
  readonly device: Device;
  /** The processes that train together; this one alone by default. Rank 0 writes all files. */
  readonly ranks?: Ranks;
  /** A checkpoint or a model folder whose weights start the run where names and shapes fit. */
  readonly init?: string;
  /** Model folder of the frozen expert that the system uses; the shipped one by default. */
  readonly expert?: string;
  /** Asked between steps; true ends the run after a checkpoint. */
  readonly shouldStop: () => boolean;
}

export interface Run {
  readonly config: TrainConfig;
  readonly systemConfig: unknown;
  readonly system: System;
  readonly contract: DataContract;
  /** Training batches. */
  readonly batches: BatchThread;
  /** For validation. */
  readonly cache: ClipCache;
  readonly train: readonly ClipEntry[];
  readonly validation: readonly ClipEntry[];
  readonly journal: Journal;
  readonly best: BestKeeper;
  readonly options: TrainOptions;
  readonly ranks: Ranks;
  readonly tables: ReadonlyMap<string, ParamTable>;
  readonly rule: UpdateRule;
  readonly deadline: Deadline;
}
