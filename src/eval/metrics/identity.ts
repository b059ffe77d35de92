/** Metrics of whether the person stays the same. */
import { TalkfaceError } from "../../base/errors.js";
import { cosine, createIdentityNet, type IdentityNet } from "../../face/identity.js";
import { to68 } from "../../face/landmarks.js";
import { identityProtocol } from "../../metrics/identity.js";
import { acdProtocol, ArcFace, csimProtocol } from "../../metrics/imported/arcface.js";
import { meanOverFrames, type Metric, type Tools } from "../../metrics/metric.js";
import { importedDigest } from "../../store/imported.js";
import { noFaces, points68 } from "./faces.js";

/** Identity changes slowly: every so many frames tell as much as all. */
const every = 5;

export function identityNetOf(tools: Tools): Promise<IdentityNet> {
  return tools.once("identity", createIdentityNet);
}

async function arcfaceOf(tools: Tools): Promise<ArcFace> {
  const net = await tools.once("arcface", ArcFace.open);
  if (net === null) throw new TalkfaceError("missing-file", "ArcFace is not here: talkface import arcface FILE.onnx");
  return net;
}

export const identityMetrics: readonly Metric[] = [
  {
    name: "id-cosine",
    title: "identity cosine",
    scores: [{ name: "id-cosine", unit: "", better: "higher" }],
    reference: "full",
    needs: ["faces"],
    protocol: `id-cosine: ${identityProtocol}; every ${every}th frame`,
    async start({ tools }) {
      const net = await identityNetOf(tools);
      let t = 0;
      return meanOverFrames("id-cosine", noFaces, async (pair) => {
        const both = t++ % every === 0 ? points68(pair) : null;
        return both === null ? null : cosine(await net.embed(pair.made.image, both.made), await net.embed(pair.real!.image, both.real));
      });
    },
  },
  {
    name: "csim",
    title: "identity cosine by ArcFace",
    scores: [{ name: "csim", unit: "", better: "higher" }],
    reference: "full",
    needs: ["faces"],
    protocol: csimProtocol,
    weights: () => importedDigest("arcface"),
    async start({ tools }) {
      const net = await arcfaceOf(tools);
      let t = 0;
      return meanOverFrames("csim", noFaces, async (pair) => {
        const both = t++ % every === 0 ? points68(pair) : null;
        return both === null ? null : cosine(await net.embed(pair.made.image, both.made), await net.embed(pair.real!.image, both.real));
      });
    },
  },
  {
    name: "acd",
    title: "identity distance to one real frame by ArcFace",
    scores: [{ name: "acd", unit: "", better: "lower" }],
    reference: "full",
    needs: ["faces"],
    protocol: acdProtocol,
    weights: () => importedDigest("arcface"),
    async start({ tools }) {
      const net = await arcfaceOf(tools);
      let anchor: Float32Array | null = null;
      let t = 0;
      return meanOverFrames("acd", noFaces, async ({ made, real }) => {
        if (anchor === null && real !== null && real.mesh !== null) anchor = await net.embed(real.image, to68(real.mesh));
        if (t++ % every !== 0 || anchor === null || made.mesh === null) return null;
        const vector = await net.embed(made.image, to68(made.mesh));
        return Math.sqrt(vector.reduce((sum, value, i) => sum + (value - anchor![i]!) ** 2, 0));
      });
    },
  },
];
