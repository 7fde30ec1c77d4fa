import { describe, expect, it } from 'vitest';
import { trimCiliumConfigMap } from '../../src/cilium/config-map.ts';
import { readSettings } from '../../src/cilium/settings.ts';

describe('cilium-config', () => {
  it('absent keys are not known', () => {
    expect(new Set(Object.values(readSettings({})))).toEqual(new Set([undefined]));
  });

  it.each([
    ['true', true],
    ['1', true],
    ['T', true],
    [' true ', true],
    ['false', false],
    ['0', false],
    ['FALSE', false],
    ['yes', undefined],
    ['', undefined],
  ])('reads booleans as Go does: %j is %s', (text, value) => {
    expect(readSettings({ 'enable-lb-ipam': text }).lbIpam).toBe(value);
  });

  it('reads what planning rests on', () => {
    expect(
      readSettings({
        'enable-gateway-api': 'true',
        'enable-ingress-controller': 'true',
        'gateway-api-hostnetwork-enabled': 'true',
        'ingress-hostnetwork-enabled': 'false',
        'default-lb-service-ipam': 'none',
        'ingress-shared-lb-service-name': 'shared',
      }),
    ).toMatchObject({
      gatewayApi: true,
      ingressController: true,
      gatewayHostNetwork: true,
      ingressHostNetwork: false,
      defaultLbServiceIpam: 'none',
      sharedIngressService: 'shared',
    });
  });

  it.each([[{}], [{ data: null }], [{ data: { 'enable-lb-ipam': true } }], [{ data: [] }]])(
    'of the shape %j is survived',
    (raw) => {
      expect(trimCiliumConfigMap(raw).settings.lbIpam).toBeUndefined();
    },
  );
});
