/** Vertices and triangles of the whole persona, collected part by part. */
import type { Colour } from "./identity.js";

/** How the fragments of a triangle are coloured (shade.ts). */
export const material = { face: 0, skin: 1, eye: 2, mouth: 3, hair: 4, cloth: 5 } as const;
export type Material = (typeof material)[keyof typeof material];

export interface Vertex {
  /** cm in head space. */
  readonly position: readonly [number, number, number];
  /** Texture place for the face; strand and length for hair; upper-lid or upper-lip share (u) for the holes. */
  readonly u: number;
  readonly v: number;
  readonly colour: Colour;
  /** 1 follows the head, 0 stays with the body. */
  readonly follow: number;
}

export interface PersonaMesh {
  readonly count: number;
  /** [N,3] cm at rest, head space. */
  readonly positions: Float32Array;
  /** [N,2] */
  readonly places: Float32Array;
  /** [N,3] linear. */
  readonly colours: Float32Array;
  readonly follow: Float32Array;
  readonly triangles: Uint32Array;
  /** Per triangle. */
  readonly materials: Uint8Array;
  /** Per triangle: 1 when both sides are seen. */
  readonly twoSided: Uint8Array;
}

export class MeshBuilder {
  readonly #vertices: Vertex[] = [];
  readonly #triangles: number[] = [];
  readonly #materials: Material[] = [];
  readonly #twoSided: number[] = [];

  vertex(vertex: Vertex): number {
    this.#vertices.push(vertex);
    return this.#vertices.length - 1;
  }

  triangle(a: number, b: number, c: number, kind: Material, twoSided = false): void {
    this.#triangles.push(a, b, c);
    this.#materials.push(kind);
    this.#twoSided.push(twoSided ? 1 : 0);
  }

  /**
   * A sheet of rows x columns vertices; seen from outside, columns run counter-clockwise (to the right) while rows run downwards.
   * `closed` joins the last column to the first.
   */
  sheet(rows: number, columns: number, at: (row: number, column: number) => Vertex, kind: Material, options: { closed?: boolean; twoSided?: boolean } = {}): void {
    const first = this.#vertices.length;
    for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) this.vertex(at(r, c));
    const across = options.closed === true ? columns : columns - 1;
    for (let r = 0; r + 1 < rows; r++) {
      for (let c = 0; c < across; c++) {
        const a = first + r * columns + c;
        const b = first + r * columns + ((c + 1) % columns);
        this.triangle(a, a + columns, b, kind, options.twoSided);
        this.triangle(b, a + columns, b + columns, kind, options.twoSided);
      }
    }
  }

  build(): PersonaMesh {
    const all = this.#vertices;
    return {
      count: all.length,
      positions: Float32Array.from(all.flatMap((v) => v.position)),
      places: Float32Array.from(all.flatMap((v) => [v.u, v.v])),
      colours: Float32Array.from(all.flatMap((v) => v.colour)),
      follow: Float32Array.from(all.map((v) => v.follow)),
      triangles: Uint32Array.from(this.#triangles),
      materials: Uint8Array.from(this.#materials),
      twoSided: Uint8Array.from(this.#twoSided),
    };
  }
}
