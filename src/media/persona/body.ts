/** Ears, neck and shoulders. */
import { smooth } from "./face-shape.js";
import { mix, scale, type Identity } from "./identity.js";
import { material, type MeshBuilder } from "./mesh-builder.js";
import { along, unit, type Skull, type Vec } from "./skull.js";

export function addEars(builder: MeshBuilder, skull: Skull, identity: Identity): void {
  const warm = mix(identity.skin, [identity.skin[0], identity.skin[1] * 0.8, identity.skin[2] * 0.75], 0.6);
  for (const side of [-1, 1]) {
    const root = skull.point(side * 8.1, 0.1);
    const up: Vec = unit([side * 0.06, 1, -0.2]);
    const back: Vec = unit([side * 0.62, 0, -0.78]);
    const out: Vec = unit([side * 0.78, 0.05, 0.62]);
    const columns = 28;
    builder.sheet(
      7,
      columns,
      (row, column) => {
        const r = row / 6;
        // From the middle of the ear outwards, turning so that the outside faces out on either side.
        const angle = (-side * 2 * Math.PI * column) / columns;
        const lobe = Math.max(0, -Math.sin(angle));
        const width = 1.75 * (1 - 0.35 * lobe * lobe);
        const x = r * width * Math.cos(angle);
        const y = r * 3.1 * Math.sin(angle);
        const rim = 0.32 * Math.exp(-(((r - 0.84) / 0.13) ** 2)) * (1 - 0.6 * lobe);
        const bowl = -0.55 * Math.exp(-((r / 0.5) ** 2));
        const position = along((n) => root[n]! + back[n]! * (x + 1.25) + up[n]! * (y + 0.2) + out[n]! * (rim + bowl + 0.1));
        return { position, u: 0, v: 0, colour: scale(warm, 0.62 + 0.38 * smooth(0.15, 0.7, r)), follow: 1 };
      },
      material.skin,
      { closed: true, twoSided: true },
    );
  }
}

export function addNeck(builder: MeshBuilder, identity: Identity): void {
  const rows = 12;
  const columns = 28;
  const wide = 1 + 0.05 * identity.proportions.jawWidth;
  builder.sheet(
    rows,
    columns,
    (row, column) => {
      const t = row / (rows - 1);
      const angle = (2 * Math.PI * column) / columns;
      const y = -3 - 13 * t;
      const flare = 1 + 0.55 * smooth(0.68, 1.05, t);
      const x = 5.35 * wide * flare * Math.sin(angle);
      const z = -4.6 - 0.6 * t + 5.1 * (1 + 0.35 * smooth(0.72, 1.05, t)) * Math.cos(angle);
      // The jaw throws its shadow on the upper neck.
      const shade = 0.42 + 0.5 * smooth(-8.5, -12.5, y);
      return { position: [x, y, z], u: 0, v: 0, colour: scale(identity.skin, shade), follow: 1 - smooth(0.1, 0.85, t) };
    },
    material.skin,
    { closed: true },
  );
}

export function addShoulders(builder: MeshBuilder, identity: Identity): void {
  const rows = 16;
  const columns = 41;
  builder.sheet(
    rows,
    columns,
    (row, column) => {
      const s = (column / (columns - 1)) * 2 - 1;
      const t = row / (rows - 1);
      const x = 23 * s;
      const top = -12.9 - 2.6 * Math.abs(s) ** 1.3 - 6 * smooth(0.72, 1.05, Math.abs(s));
      const depth = 8.2 * (1 - 0.35 * s * s);
      const angle = (t * Math.PI) / 1.9 - 0.35;
      const position: Vec = [x, top - 9 * (1 - Math.cos(angle)) - 9 * Math.max(0, t - 0.75), -5.5 + depth * Math.sin(angle)];
      const collar = Math.hypot(x / 7.6, (position[2] + 4.4) / 7.2);
      // The shader makes skin of what lies inside the collar (v < 1).
      return { position, u: 3 * s, v: collar, colour: scale(identity.cloth, 0.75 + 0.25 * smooth(0.9, 1.6, collar)), follow: 0 };
    },
    material.cloth,
  );
}
