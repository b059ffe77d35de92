/** The signed-rank test against scipy 1.17 and against counting. */
import { describe, expect, it } from "vitest";
import { signedRank } from "../../src/metrics/wilcoxon.js";

const series = (n: number, value: (i: number) => number): number[] => Array.from({ length: n }, (_, i) => value(i));

describe("signed-rank test", () => {
  // python3 -c "from scipy.stats import wilcoxon; print(wilcoxon([((i*37)%101)/10-3.3 for i in range(12)], mode='exact'))", the others with mode='approx', the last of ((i*37)%101)//10-4
  it("gives scipy's p: exact, approximate, approximate with ties and zeros", () => {
    expect(signedRank(series(12, (i) => ((i * 37) % 101) / 10 - 3.3))).toEqual({ n: 12, p: expect.closeTo(0.26611328125, 12) });
    expect(signedRank(series(60, (i) => ((i * 37) % 101) / 10 - 4.9))).toEqual({ n: 59, p: expect.closeTo(0.9008854085671664, 9) });
    expect(signedRank(series(80, (i) => Math.floor(((i * 37) % 101) / 10) - 4))).toEqual({ n: 72, p: expect.closeTo(0.09719177473219925, 9) });
  });

  it("counts every pattern of signs where differences are equal", () => {
    const values = [1, 1, 1, -2, 2, 3, -3, 4];
    const ranks = [2, 2, 2, 4.5, 4.5, 6.5, 6.5, 8];
    const sum = (bits: number): number => ranks.reduce((all, rank, i) => all + ((bits >> i) & 1) * rank, 0);
    const own = values.reduce((all, value, i) => all + (value > 0 ? ranks[i]! : 0), 0);
    const total = 36;
    let extreme = 0;
    for (let bits = 0; bits < 256; bits++) if (Math.abs(sum(bits) - total / 2) >= Math.abs(own - total / 2)) extreme++;
    expect(signedRank(values)!.p).toBeCloseTo(extreme / 256, 12);
  });

  it("does not care for the sign, and says nothing of zeros", () => {
    const values = series(70, (i) => Math.sin(i) + 0.2);
    expect(signedRank(values)!.p).toBeCloseTo(signedRank(values.map((value) => -value))!.p, 12);
    expect(signedRank([0, 0])).toBeNull();
    expect(signedRank([0, 5])).toEqual({ p: 1, n: 1 });
  });
});
