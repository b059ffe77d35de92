/**
 * The face points that systems see: the 68 iBUG points, two iris centres and twelve points of forehead, cheeks and chin where the
 * 68 leave the skin bare. The numbering is part of the data contract; features/points.ts takes the points from a face mesh.
 */

export type Range = readonly [start: number, end: number];

/** iBUG 68 ranges, end exclusive. */
export const ibug = {
  jaw: [0, 17],
  brows: [17, 27],
  nose: [27, 36],
  rightEye: [36, 42],
  leftEye: [42, 48],
  outerLips: [48, 60],
  innerLips: [60, 68],
} as const satisfies Record<string, Range>;

export const ibugCount = 68;

/** Model points beyond the 68, with their vertex in the 478-point mesh. Right and left are the subject's. */
export const extraPoints: readonly { readonly name: string; readonly vertex: number }[] = [
  { name: "right iris", vertex: 468 },
  { name: "left iris", vertex: 473 },
  { name: "forehead", vertex: 10 },
  { name: "right forehead", vertex: 67 },
  { name: "left forehead", vertex: 297 },
  { name: "right temple", vertex: 103 },
  { name: "left temple", vertex: 332 },
  { name: "right upper cheek", vertex: 117 },
  { name: "left upper cheek", vertex: 346 },
  { name: "right cheek", vertex: 50 },
  { name: "left cheek", vertex: 280 },
  { name: "right lower cheek", vertex: 205 },
  { name: "left lower cheek", vertex: 425 },
  { name: "chin front", vertex: 199 },
];

export const modelPointCount = ibugCount + extraPoints.length;

const ibugMirrorPairs: readonly (readonly [number, number])[] = [
  ...Array.from({ length: 8 }, (_, i) => [i, 16 - i] as const),
  ...Array.from({ length: 5 }, (_, i) => [17 + i, 26 - i] as const),
  [31, 35], [32, 34],
  [36, 45], [37, 44], [38, 43], [39, 42], [40, 47], [41, 46],
  [48, 54], [49, 53], [50, 52], [59, 55], [58, 56],
  [60, 64], [61, 63], [67, 65],
];

/** `mirror[i]` is the point that takes the place of point i in a mirrored picture; model points, the first 68 being iBUG's. */
export const mirror: readonly number[] = (() => {
  const table = Array.from({ length: modelPointCount }, (_, i) => i);
  for (const [a, b] of ibugMirrorPairs) [table[a], table[b]] = [b, a];
  extraPoints.forEach(({ name }, i) => {
    const other = name.startsWith("right") ? name.replace("right", "left") : name.replace("left", "right");
    table[ibugCount + i] = ibugCount + extraPoints.findIndex((point) => point.name === other);
  });
  return table;
})();

/** Points that the guide may give: brows and eyes with the irises. Never lips, jaw or lower cheeks. */
export const upperFace: readonly number[] = [...span(ibug.brows), ...span(ibug.rightEye), ...span(ibug.leftEye), ibugCount, ibugCount + 1];

/** Points that speech moves: lips, the jaw but its ends, lower cheeks and chin. */
export const speechPoints: readonly number[] = [...span([3, 14]), ...span(ibug.outerLips), ...span(ibug.innerLips), 79, 80, 81];

/** Points of the upper lip with those of the lower one that they meet. */
export const lipPairs: readonly (readonly [upper: number, lower: number])[] = [[49, 59], [50, 58], [51, 57], [52, 56], [53, 55], [61, 67], [62, 66], [63, 65]];

/** Indices of a range. */
export function span([start, end]: Range): number[] {
  return Array.from({ length: end - start }, (_, i) => start + i);
}
