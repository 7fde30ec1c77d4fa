import { describe, expect, it } from 'vitest';
import {
  compareVersions,
  formatVersion,
  honoursIpMode,
  honoursTypeAnnotation,
  versionOfImage,
} from '../../src/cilium/version.ts';

function version(text: string) {
  const [major = 0, minor = 0, patch = 0] = text.split('.').map(Number);
  return { major, minor, patch };
}

describe('the version in an image', () => {
  it.each([
    ['quay.io/cilium/cilium:v1.19.5', '1.19.5'],
    ['quay.io/cilium/cilium:v1.19.1@sha256:41f1f74a0000', '1.19.1'],
    ['registry.local:5000/cilium:v1.18.0', '1.18.0'],
    ['cilium:1.17.12', '1.17.12'],
    ['swr.cn-north-4.myhuaweicloud.com/x/cilium:v1.20.0-rc.1', '1.20.0'],
    ['cilium:v1.18.1-cce.3', '1.18.1'],
    ['cilium:v1.19.5+build.7', '1.19.5'],
  ])('of %s is %s', (image, expected) => {
    const found = versionOfImage(image);
    expect(found === undefined ? undefined : formatVersion(found)).toBe(expected);
  });

  it.each([
    ['quay.io/cilium/cilium:latest'],
    ['quay.io/cilium/cilium'],
    ['quay.io/cilium/cilium@sha256:41f1f74a0000'],
    ['cilium:v1.19'],
    ['cilium:main-1.19.5'],
    ['registry.local:1.2.3/cilium'],
    [''],
  ])('of %s is not known', (image) => {
    expect(versionOfImage(image)).toBeUndefined();
  });
});

describe('versions', () => {
  it('are ordered by number', () => {
    const ordered = ['1.9.0', '1.16.9', '1.17.0', '1.18.0', '1.18.10', '2.0.0'];
    expect(ordered.toReversed().map(version).toSorted(compareVersions).map(formatVersion)).toEqual(ordered);
  });

  it.each([
    ['1.15.9', false, false],
    ['1.16.0', false, false],
    ['1.16.99', false, false],
    ['1.17.0', true, true],
    ['1.18.0', false, true],
    ['1.18.1', true, true],
    ['1.19.1', true, true],
    ['1.20.0', true, true],
    ['2.18.0', true, true],
  ])('%s: ipMode %s, service.cilium.io/type %s', (text, ipMode, annotation) => {
    expect([honoursIpMode(version(text)), honoursTypeAnnotation(version(text))]).toEqual([ipMode, annotation]);
  });
});
