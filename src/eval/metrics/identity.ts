/** Metrics of whether the person stays the same. */
import { cosine, createIdentityNet, type IdentityNet } from "../../face/identity.js";
import { identityProtocol } from "../../metrics/identity.js";
import { meanOverFrames, type Metric, type Tools } from "../../metrics/metric.js";
import { noFaces, points68 } from "./faces.js";

/** Identity changes slowly: every so many frames tell as much as all. */
const every = 5;

export function identityNetOf(tools: Tools): Promise<IdentityNet> {
  return tools.once("identity", createIdentityNet);
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
];
