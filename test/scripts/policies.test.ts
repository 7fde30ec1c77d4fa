import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { ACTIONS as HUAWEI } from '../../src/providers/huawei/index.ts';
import { permissionsOf } from '../../src/providers/policy.ts';
import { ACTIONS as TENCENT } from '../../src/providers/tencent/index.ts';

const HuaweiPolicy = z.strictObject({
  Version: z.literal('1.1'),
  Statement: z.tuple([z.strictObject({ Effect: z.literal('Allow'), Action: z.array(z.string()) })]),
});
const TencentPolicy = z.strictObject({
  version: z.literal('2.0'),
  statement: z.tuple([
    z.strictObject({ effect: z.literal('allow'), action: z.array(z.string()), resource: z.tuple([z.literal('*')]) }),
  ]),
});

function read(path: string): string {
  return readFileSync(path, 'utf8');
}

test('the policies allow what the code asks for, and nothing else', () => {
  const huawei = HuaweiPolicy.parse(JSON.parse(read('deploy/policies/huawei-iam.json')));
  const tencent = TencentPolicy.parse(JSON.parse(read('deploy/policies/tencent-cam.json')));
  expect(huawei.Statement[0].Action).toEqual(permissionsOf(HUAWEI));
  expect(tencent.statement[0].action).toEqual(permissionsOf(TENCENT));
  expect(permissionsOf(HUAWEI).length).toBeGreaterThan(10);
  expect(permissionsOf(TENCENT).length).toBeGreaterThan(10);
});

test('every permission only reads, and none of them is a wildcard', () => {
  for (const permission of permissionsOf(HUAWEI)) expect(permission).toMatch(/^[a-z]+:[a-zA-Z]+:(?:get|list)$/);
  for (const permission of permissionsOf(TENCENT)) expect(permission).toMatch(/^[a-z]+:Describe[A-Za-z]+$/);
});
