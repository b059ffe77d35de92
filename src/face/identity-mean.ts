export const identityMean: readonly number[] = Array.from({ length: 128 }, () => 0);
