import { afterAll, beforeAll, describe } from 'vitest';
import { describeCiliumIngress } from '../contract/cilium-ingress.ts';
import { describeCiliumOperator, describeHostNetworkOperator } from '../contract/cilium-operator.ts';
import { describeLbIpam } from '../contract/lb-ipam.ts';
import { type ControlPlane, startControlPlane } from './fixture.ts';
import type { Send } from './http.ts';

describe("Cilium's operator", () => {
  let cluster: ControlPlane;
  beforeAll(async () => {
    cluster = await startControlPlane();
  });
  afterAll(() => cluster?.stop());

  const send: Send = (...request) => cluster.request(...request);
  describeCiliumOperator(send);
  describeCiliumIngress(send);
  describeLbIpam(send);
});

describe("Cilium's operator with host networking", () => {
  let cluster: ControlPlane;
  beforeAll(async () => {
    cluster = await startControlPlane({ ciliumConfig: { 'gateway-api-hostnetwork-enabled': 'true' } });
  });
  afterAll(() => cluster?.stop());

  const send: Send = (...request) => cluster.request(...request);
  describeHostNetworkOperator(send);
});
