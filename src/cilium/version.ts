/** A release of Cilium. */
export interface CiliumVersion {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

/**
 * Reads the version out of an image reference such as `quay.io/cilium/cilium:v1.19.1@sha256:…`.
 * Undefined when the tag is no release (a digest alone, `latest`, a fork's own tag).
 */
export function versionOfImage(image: string): CiliumVersion | undefined {
  const match = /:v?(\d+)\.(\d+)\.(\d+)(?:[-+.][0-9A-Za-z.-]*)?(?:@[0-9A-Za-z:]+)?$/.exec(image);
  return match === null ? undefined : { major: Number(match[1]), minor: Number(match[2]), patch: Number(match[3]) };
}

/** Negative when `a` is older than `b`, 0 when equal. */
export function compareVersions(a: CiliumVersion, b: CiliumVersion): number {
  return a.major - b.major || a.minor - b.minor || a.patch - b.patch;
}

export function formatVersion(version: CiliumVersion): string {
  return `${version.major}.${version.minor}.${version.patch}`;
}

function atLeast(version: CiliumVersion, major: number, minor: number, patch: number): boolean {
  return compareVersions(version, { major, minor, patch }) >= 0;
}

/** Whether the datapath makes no frontend of an `ipMode: Proxy` address: since 1.17, but not 1.18.0 (cilium.md §0). */
export function honoursIpMode(version: CiliumVersion): boolean {
  const broken = version.major === 1 && version.minor === 18 && version.patch === 0;
  return atLeast(version, 1, 17, 0) && !broken;
}

/** Whether `service.cilium.io/type` is honoured: since 1.17 (cilium.md §0). */
export function honoursTypeAnnotation(version: CiliumVersion): boolean {
  return atLeast(version, 1, 17, 0);
}
