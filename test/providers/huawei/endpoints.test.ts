import { expect, test } from 'vitest';
import { CloudError } from '../../../src/providers/errors.ts';
import { endpointOf, type HuaweiService } from '../../../src/providers/huawei/endpoints.ts';

const none = { suffix: '', overrides: {} };

test.each<[HuaweiService, string]>([
  ['elb', 'https://elb.cn-north-4.myhuaweicloud.com/'],
  ['nat', 'https://nat.cn-north-4.myhuaweicloud.com/'],
  ['vpc', 'https://vpc.cn-north-4.myhuaweicloud.com/'],
  ['eip', 'https://vpc.cn-north-4.myhuaweicloud.com/'],
  ['ecs', 'https://ecs.cn-north-4.myhuaweicloud.com/'],
  ['cce', 'https://cce.cn-north-4.myhuaweicloud.com/'],
  ['iam', 'https://iam.myhuaweicloud.com/'],
])('%s in a region', (service, url) => {
  expect(endpointOf(service, 'cn-north-4', none).href).toBe(url);
});

test('a suffix of another site, and overrides that win over it', () => {
  const endpoints = {
    suffix: 'myhuaweicloud.eu',
    overrides: { elb: 'https://10.0.0.5:8443', vpc: 'https://vpc.internal' },
  };

  expect(endpointOf('nat', 'eu-west-101', endpoints).href).toBe('https://nat.eu-west-101.myhuaweicloud.eu/');
  expect(endpointOf('iam', 'eu-west-101', endpoints).href).toBe('https://iam.myhuaweicloud.eu/');
  expect(endpointOf('elb', 'eu-west-101', endpoints).href).toBe('https://10.0.0.5:8443/');
  expect(endpointOf('eip', 'eu-west-101', endpoints).href).toBe('https://vpc.internal/');
});

test.each(['', 'CN-NORTH-4', 'cn', 'cn-north-4.evil.example', 'cn-north-4/', 'cn north'])(
  '%j is no region',
  (region) => {
    expect(() => endpointOf('elb', region, none)).toThrow(CloudError);
  },
);

test.each(['elb', 'ftp://x', 'https://user:pass@x', 'https://x/?a=1'])(
  'an override of %j is refused without quoting it',
  (elb) => {
    const ask = () => endpointOf('elb', 'cn-north-4', { suffix: '', overrides: { elb } });

    expect(ask).toThrow('The endpoint given for elb is no URL like https://elb.example.com. Correct it.');
  },
);
