/** Metrics of what a head does beside speaking: how it is turned, how often it blinks. */
import { eyeOpening, to68 } from "../../face/landmarks.js";
import { blinksProtocol, countBlinks } from "../../metrics/blinks.js";
import { poseError, poseErrorProtocol } from "../../metrics/head-pose.js";
import type { Frame, Metric } from "../../metrics/metric.js";
import { landmarker, noFaces } from "./faces.js";

const pose: Metric = {
  name: "pose-error",
  title: "head pose error: mean, yaw, pitch, roll",
  scores: ["pose-error", "yaw-error", "pitch-error", "roll-error"].map((name) => ({ name, unit: "degrees", better: "lower" })),
  reference: "full",
  needs: ["faces"],
  protocol: `${poseErrorProtocol}; ${landmarker}`,
  start: () => {
    const sum = { yaw: 0, pitch: 0, roll: 0 };
    const perFrame: number[] = [];
    let frames = 0;
    return {
      add({ made, real }) {
        if (made.mesh === null || real === null || real.mesh === null) return void perFrame.push(Number.NaN);
        const { yaw, pitch, roll } = poseError(made.mesh, real.mesh);
        sum.yaw += yaw;
        sum.pitch += pitch;
        sum.roll += roll;
        frames++;
        perFrame.push((yaw + pitch + roll) / 3);
      },
      finish() {
        if (frames === 0) return { missing: noFaces };
        const [yaw, pitch, roll] = [sum.yaw / frames, sum.pitch / frames, sum.roll / frames];
        return { values: { "pose-error": (yaw + pitch + roll) / 3, "yaw-error": yaw, "pitch-error": pitch, "roll-error": roll }, frames, perFrame };
      },
    };
  },
};

/** Eye aspect ratio; NaN where no face is seen. */
function eyesOf(frame: Frame | null): number {
  return frame === null || frame.mesh === null ? Number.NaN : eyeOpening(to68(frame.mesh));
}

const blinks: Metric = {
  name: "blinks",
  title: "blinks a second, made and real",
  scores: [
    { name: "blinks", unit: "/s", better: "nearer real" },
    { name: "blinks-real", unit: "/s", better: "nearer real" },
  ],
  reference: "full",
  needs: ["faces"],
  protocol: `${blinksProtocol}; ${landmarker}`,
  start: ({ fps }) => {
    const [made, real]: [number[], number[]] = [[], []];
    return {
      add(pair) {
        made.push(eyesOf(pair.made));
        real.push(eyesOf(pair.real));
      },
      finish() {
        const seconds = [made, real].map((ratios) => ratios.filter((ratio) => !Number.isNaN(ratio)).length / fps) as [number, number];
        if (seconds[0] === 0 || seconds[1] === 0) return { missing: noFaces };
        const counts = [countBlinks(made), countBlinks(real)] as const;
        return {
          values: { blinks: counts[0] / seconds[0], "blinks-real": counts[1] / seconds[1] },
          frames: made.length,
          curves: { "eye aspect ratio made": made, "eye aspect ratio real": real },
          pool: [counts[0], seconds[0], counts[1], seconds[1]],
        };
      },
    };
  },
  combine(pools) {
    const total = (i: number): number => pools.reduce((sum, pool) => sum + pool[i]!, 0);
    return { blinks: total(0) / total(1), "blinks-real": total(2) / total(3) };
  },
};

export const headMetrics: readonly Metric[] = [pose, blinks];
