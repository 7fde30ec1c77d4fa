import { expect, test } from 'vitest';
import { agent, entrypoint, gateway, gatewayService } from '../gateway/build.ts';
import { actionOf, findings, type Given, plan, publishedBy, writes } from '../gateway/planning.ts';

// Rule 2: ipMode Proxy where the API server stores it and Cilium honours it; else the annotation; else no write.

const IP = '122.9.70.186';
const BASE = [gateway(), gatewayService(), entrypoint('entry', { ingress: [{ ip: IP }] })];
const ANNOTATE = 'patch-entrypoint Service kube-system/entry';
const PUBLISH = 'publish-address Service default/cilium-gateway-web';

function planned(version: string, given: Given = {}): ReturnType<typeof plan> {
  return plan([...BASE, agent(version)], given);
}

test('Proxy is written where it works', () => {
  for (const version of ['1.17.1', '1.18.1', '1.19.5', '1.20.0']) {
    expect(publishedBy(actionOf(planned(version), 'publish-address'))).toEqual([{ ip: IP, ipMode: 'Proxy' }]);
  }
});

test('where Cilium does not honour it or the API server drops it, the entrypoint is annotated first', () => {
  for (const one of [planned('1.18.0'), planned('1.19.5', { memory: { ipModeStored: 'no' } })]) {
    expect(writes(one)).toEqual([ANNOTATE, PUBLISH]);
    expect(actionOf(one, 'patch-entrypoint').changes).toEqual([
      { field: 'metadata.annotations[service.cilium.io/type]', before: undefined, after: 'NodePort' },
    ]);
    expect(publishedBy(actionOf(one, 'publish-address'))).toEqual([{ ip: IP }]);
  }
});

test('where neither works nothing is written, and it is said why', () => {
  const one = planned('1.16.5');
  expect([writes(one), findings(one)]).toEqual([[], ['fail IpModeNotPossible']]);
});

test('the API server is asked before the first write', () => {
  expect(planned('1.19.5', { memory: { ipModeStored: 'unasked' } }).ipModeQuestion).toMatchObject({ ip: IP });
});
