/** Learning rates over the steps of a phase. */
export const scheduleNames = ["cosine", "linear", "constant"] as const;

export interface Schedule {
  readonly kind: (typeof scheduleNames)[number];
  /** Share of the rate at which the phase ends; a constant schedule has none. */
  readonly floor: number;
}

/**
 * Rate of a phase at its step (0-based): linear warm-up over at most a tenth of the phase, then half a cosine or a line down to
 * the floor, or no change.
 */
export function rateAt(step: number, phase: { readonly steps: number; readonly rate: number }, { kind, floor }: Schedule, warmupSteps: number): number {
  const warm = Math.min(warmupSteps, Math.floor(phase.steps / 10));
  if (step < warm) return (phase.rate * (step + 1)) / warm;
  const progress = Math.min(1, (step - warm) / Math.max(1, phase.steps - warm));
  const left = { constant: 1, linear: 1 - progress, cosine: (1 + Math.cos(Math.PI * progress)) / 2 }[kind];
  return phase.rate * (floor + (1 - floor) * left);
}
