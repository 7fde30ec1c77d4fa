const DIGITS = /^\d+$/;

/**
 * Orders two resourceVersions of one resource: negative when `a` is older, positive when it is newer, 0 when equal,
 * undefined when they cannot be compared. That decimal ones may be compared is promised since Kubernetes 1.35 and has
 * been so with etcd all along (KEP-5504).
 */
export function compareVersions(a: string, b: string): number | undefined {
  if (a === b) {
    return 0;
  }
  if (!DIGITS.test(a) || !DIGITS.test(b)) {
    return undefined;
  }
  const difference = BigInt(a) - BigInt(b);
  return difference === 0n ? 0 : difference < 0n ? -1 : 1;
}

/** Whether `a` is known to be newer than `b`. */
export function isNewer(a: string, b: string): boolean {
  return (compareVersions(a, b) ?? 0) > 0;
}
