/** The only list of systems. */
import { TalkfaceError } from "../base/errors.js";
import { etGanAcw } from "./et-gan-acw/system.js";
import { sync } from "./sync/system.js";
import type { System } from "./system.js";

const systems: readonly System<never>[] = [etGanAcw as unknown as System<never>, sync as unknown as System<never>];

export function systemNames(): string[] {
  return systems.map((s) => s.name);
}

/** The system of that name; its configuration is opaque to shared code. */
export function findSystem(name: string): System {
  const found = systems.find((s) => s.name === name);
  if (found === undefined) throw new TalkfaceError("usage", `system "${name}": not known. Known: ${systemNames().join(", ")}.`);
  return found as unknown as System;
}
