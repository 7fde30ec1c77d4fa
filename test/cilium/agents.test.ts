import { describe, expect, it } from 'vitest';
import {
  findNamespace,
  isAgent,
  oldestVersion,
  selectsCilium,
  trimCiliumDaemonSet,
  trimCiliumPod,
} from '../../src/cilium/agents.ts';
import { agent } from '../gateway/build.ts';

const ENVOY = trimCiliumPod({
  metadata: { name: 'cilium-envoy-x', namespace: 'kube-system', labels: { 'k8s-app': 'cilium-envoy' } },
  spec: { containers: [{ name: 'cilium-envoy', image: 'quay.io/cilium/cilium-envoy:v1.35.3' }] },
});

function pod(version?: string, namespace?: string) {
  return trimCiliumPod(agent(version, 'node-1', namespace));
}

function daemonSet(version: string, namespace = 'kube-system') {
  return trimCiliumDaemonSet({
    metadata: { name: 'cilium', namespace },
    spec: { template: { spec: { containers: [{ name: 'cilium-agent', image: `cilium:v${version}` }] } } },
  });
}

describe('a Pod of Cilium', () => {
  it('is trimmed to node, readiness and version', () => {
    expect(pod('1.19.5')).toMatchObject({ node: 'node-1', ready: true, version: { major: 1, minor: 19, patch: 5 } });
    expect(isAgent(pod())).toBe(true);
  });

  it("of Envoy's has no version, since its image follows Envoy's", () => {
    expect(ENVOY).toMatchObject({ ready: false, version: undefined });
    expect(isAgent(ENVOY)).toBe(false);
  });
});

describe('the version that counts', () => {
  it.each([
    ['the oldest agent', [pod('1.19.5'), pod('1.18.0')], [], '1.18.0'],
    ['agents before the DaemonSet, which may be newer', [pod('1.18.0')], [daemonSet('1.19.5')], '1.18.0'],
    ['the DaemonSet where no Pod is seen', [], [daemonSet('1.19.5')], '1.19.5'],
    ['the DaemonSet where Pods tell nothing', [pod('latest')], [daemonSet('1.19.5')], '1.19.5'],
    ["not Envoy's", [ENVOY, pod('1.19.5')], [], '1.19.5'],
    ['none', [], [], undefined],
  ])('is %s', (_, pods, sets, expected) => {
    const found = oldestVersion(pods, sets);
    expect(found && `${found.major}.${found.minor}.${found.patch}`).toBe(expected);
  });
});

describe("Cilium's namespace", () => {
  it.each([
    ['where its agents run', [pod('1.19.5', 'cilium')], [], 'cilium'],
    ['kube-system where they run there, too', [pod('1.19.5', 'a'), pod('1.19.5', 'kube-system')], [], 'kube-system'],
    ['the first by name else', [pod('1.19.5', 'b'), pod('1.19.5', 'a')], [], 'a'],
    ["its DaemonSet's", [], [daemonSet('1.19.5', 'cilium')], 'cilium'],
    ["not where only Envoy's Pods are", [ENVOY], [daemonSet('1.19.5', 'cilium')], 'cilium'],
    ['kube-system where nothing is seen', [], [], 'kube-system'],
  ])('is %s', (_, pods, sets, expected) => {
    expect(findNamespace(pods, sets)).toBe(expected);
  });
});

describe('a selector', () => {
  it.each([
    [{ 'k8s-app': 'cilium' }, true],
    [{ 'k8s-app': 'cilium-envoy' }, true],
    [{ 'app.kubernetes.io/name': 'cilium-agent' }, true],
    [{ 'k8s-app': 'cilium', 'app.kubernetes.io/part-of': 'cilium' }, true],
    [{ 'k8s-app': 'cilium', extra: 'x' }, false],
    [{ app: 'shop' }, false],
    [{}, false],
  ])('%j reaches Cilium by the labels of its chart: %s', (selector, reaches) => {
    expect(selectsCilium(selector, [])).toBe(reaches);
  });

  it('is tried on the Pods themselves where they are seen', () => {
    expect(selectsCilium({ 'k8s-app': 'cilium' }, [pod()])).toBe(true);
    expect(selectsCilium({ 'app.kubernetes.io/name': 'cilium-agent' }, [pod()])).toBe(false);
  });
});
