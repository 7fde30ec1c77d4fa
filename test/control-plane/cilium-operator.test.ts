import { afterAll, beforeAll, describe } from 'vitest';
import { describeCiliumOperator } from '../contract/cilium-operator.ts';
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
});
