/** Draws a persona: moves its vertices, projects them, finds what is seen, shades it, and averages samples into pixels. */
import { TalkfaceError } from "../../base/errors.js";
import type { Image } from "../image.js";
import { jawAngle, moveFace } from "./expression.js";
import type { FaceState } from "./face-state.js";
import { linearToSrgb } from "./identity.js";
import type { Persona } from "./model.js";
import { rasterise, vertexNormals } from "./raster.js";
import { createShader, type Shot } from "./shade.js";

export interface Rendering {
  readonly image: Image;
  /** [L=468, 3]: picture pixels, z in the same unit, smaller nearer to the viewer, 0 at the middle of the head. */
  readonly mesh: Float32Array;
}

/** The head turns about this point of head space, in cm; the camera looks along -z from so far. */
const pivot = [0, -5, -4] as const;
const distance = 95;
/** Centre of the picture in head space and the height that it shows, in cm. */
const frame = { x: 0, y: -1.6, height: 32 };
/** Samples along each side of a pixel; `resolve` is written for two. */
const samples = 2;

/** Draws one picture of `size` x `size` pixels with its exact landmarks. */
export function renderPersona(persona: Persona, state: FaceState, size: number): Rendering {
  if (!Number.isInteger(size) || size < 16 || size > 2048) throw new TalkfaceError("usage", `persona size ${size}: expected 16 to 2048 pixels.`);
  const { mesh } = persona;
  const head = Float32Array.from(mesh.positions);
  const face = moveFace(persona.shape, persona.motion, state);
  trail(head, face, persona);
  head.set(face);
  const rotation = headRotation(state);
  const world = place(head, mesh.follow, rotation, state.shift);
  const normals = vertexNormals(world, mesh.triangles);
  const focal = ((size * samples) / frame.height) * distance;
  const places = new Float32Array(world.length);
  for (let i = 0; i < world.length; i += 3) {
    const depth = distance - world[i + 2]!;
    places[i] = (size * samples) / 2 + ((world[i]! - frame.x) * focal) / depth;
    places[i + 1] = (size * samples) / 2 - ((world[i + 1]! - frame.y) * focal) / depth;
    places[i + 2] = world[i + 2]!;
  }
  const coverage = rasterise({ places, triangles: mesh.triangles, twoSided: mesh.twoSided }, size * samples, size * samples);
  const shot: Shot = { persona, head, world, normals, rotation, pivot, camera: [frame.x, frame.y, distance], gaze: [state.gazeX, state.gazeY], jaw: jawAngle(state), round: state.mouthRound, shift: state.shift };
  const image = resolve(coverage.triangle, coverage.second, coverage.third, shot, size);
  const landmarks = new Float32Array(468 * 3);
  for (let i = 0; i < 468; i++) {
    landmarks[3 * i] = places[3 * i]! / samples;
    landmarks[3 * i + 1] = places[3 * i + 1]! / samples;
    landmarks[3 * i + 2] = (-(places[3 * i + 2]! - state.shift[2]) * size) / frame.height;
  }
  return { image, mesh: landmarks };
}

/** The skull's rim follows the outline of the face, less and less towards the back. */
function trail(head: Float32Array, face: Float32Array, persona: Persona): void {
  const { trailing, shape } = persona;
  for (let i = 0; i < trailing.length; i += 3) {
    const [vertex, outline, share] = [3 * trailing[i]!, 3 * trailing[i + 1]!, trailing[i + 2]!];
    for (let k = 0; k < 3; k++) head[vertex + k] = head[vertex + k]! + share * (face[outline + k]! - shape.rest[outline + k]!);
  }
}

/** Row-major rotation Rz(roll) Ry(yaw) Rx(-pitch): positive pitch lifts the chin. */
function headRotation(state: FaceState): Float64Array {
  const [cy, sy, cp, sp, cr, sr] = [Math.cos(state.yaw), Math.sin(state.yaw), Math.cos(-state.pitch), Math.sin(-state.pitch), Math.cos(state.roll), Math.sin(state.roll)];
  return Float64Array.from([cr * cy, cr * sy * sp - sr * cp, cr * sy * cp + sr * sp, sr * cy, sr * sy * sp + cr * cp, sr * sy * cp - cr * sp, -sy, cy * sp, cy * cp]);
}

function place(head: Float32Array, follow: Float32Array, r: Float64Array, shift: readonly [number, number, number]): Float32Array {
  const world = new Float32Array(head.length);
  for (let i = 0, n = 0; i < head.length; i += 3, n++) {
    const [x, y, z] = [head[i]! - pivot[0], head[i + 1]! - pivot[1], head[i + 2]! - pivot[2]];
    const f = follow[n]!;
    for (let k = 0; k < 3; k++) {
      const moved = r[3 * k]! * x + r[3 * k + 1]! * y + r[3 * k + 2]! * z + pivot[k]! + shift[k]!;
      // The body takes a third of the head's shift.
      const stay = head[i + k]! + shift[k]! * 0.33;
      world[i + k] = stay + (moved - stay) * f;
    }
  }
  return world;
}

/** Shades each sample and averages samples x samples of them, in linear light, into 8-bit sRGB pixels. */
function resolve(triangle: Int32Array, second: Float32Array, third: Float32Array, shot: Shot, size: number): Image {
  const shade = createShader(shot, size);
  const steps = 4096;
  const encode = Uint8Array.from({ length: steps + 1 }, (_, i) => Math.round(255 * linearToSrgb(i / steps)));
  const data = new Uint8Array(size * size * 3);
  const { low, high } = shot.persona.identity.background;
  const light = shot.persona.identity.light.side;
  const sum = new Float64Array(3);
  const wide = size * samples;
  for (let y = 0, out = 0; y < size; y++) {
    for (let x = 0; x < size; x++, out += 3) {
      sum.fill(0);
      const first = 2 * y * wide + 2 * x;
      const seen = [first, first + 1, first + wide, first + wide + 1] as const;
      // Samples of a pixel that see the same triangle are shaded once, at their middle.
      let bare = 0;
      let taken = 0;
      for (let i = 0; i < 4; i++) {
        const f = triangle[seen[i]!]!;
        if (f < 0) bare++;
        if (f < 0 || (taken & (1 << i)) !== 0) continue;
        let [count, w1, w2] = [0, 0, 0];
        for (let j = i; j < 4; j++) {
          if (triangle[seen[j]!] !== f) continue;
          taken |= 1 << j;
          count++;
          w1 += second[seen[j]!]!;
          w2 += third[seen[j]!]!;
        }
        shade(f, w1 / count, w2 / count, count, sum);
      }
      const glow = bare === 0 ? 0 : Math.exp(-(((x / size - 0.5 + 0.25 * light) / 0.55) ** 2) - ((y / size - 0.35) / 0.6) ** 2);
      for (let k = 0; k < 3; k++) {
        const wall = low[k]! + (high[k]! - low[k]!) * glow;
        const value = (sum[k]! + bare * wall) / (samples * samples);
        data[out + k] = encode[Math.min(steps, Math.max(0, Math.round(value * steps)))]!;
      }
    }
  }
  return { data, width: size, height: size };
}
