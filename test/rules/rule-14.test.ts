import { expect, test } from 'vitest';
import { managedName } from '../../src/gateway/managed.ts';
import { notServed, seen, unread } from '../../src/gateway/observation.ts';
import type { GatewayReads } from '../../src/gateway/observe.ts';
import { entrypoint, gateway, gatewayService, ours } from '../gateway/build.ts';
import { type Given, plan, writes } from '../gateway/planning.ts';

// Rule 14: absence must be proven before a managed entrypoint is deleted: a complete list, the CRD served, ten minutes
// (configurable), a cap a pass; retain keeps it.

const MINUTE = 60_000;
const made = (of: string, annotations: Readonly<Record<string, string>> = {}) =>
  entrypoint(managedName('default', of), {
    serves: `default/${of}`,
    uid: of,
    labels: ours({ managed: 'true' }),
    annotations: ours(annotations),
  });

/** With the consent of the configuration, and Gateways that have not wanted their entrypoint for so long. */
function after(minutes: number, { managed = {}, ...given }: Given & { managed?: object } = {}): Given {
  const config = { managed: { enabled: true, allowedNamespaces: ['*'], ...managed } };
  return {
    ...given,
    config,
    memory: { unwantedForMs: new Map(['web', 'api', 'shop'].map((uid) => [uid, minutes * MINUTE])) },
  };
}

test('ten minutes, and not before', () => {
  expect(writes(plan([made('web')], after(9.99)))).toEqual([]);
  expect(writes(plan([made('web')], after(10)))).toHaveLength(1);
});

test('or what the configuration says', () => {
  const managed = { removeAfter: '1h' };
  expect(writes(plan([made('web')], after(59, { managed })))).toEqual([]);
  expect(writes(plan([made('web')], after(60, { managed })))).toHaveLength(1);
});

test.each<[string, Partial<GatewayReads>]>([
  ['an incomplete list', { gateways: unread('reset') }],
  ['a kind that is not served', { gateways: notServed() }],
  ['a kind that is not served, even if its list was complete', { gateways: { ...seen([]), served: false } }],
])('%s proves nothing', (_, reads) => {
  const planned = plan([made('web')], after(99, { reads }));
  expect([writes(planned), [...planned.unwanted]]).toEqual([[], []]);
});

test('a Gateway that still asks keeps it', () => {
  const asking = gateway('web', { annotations: ours({ entrypoint: 'managed' }) });
  expect(writes(plan([asking, gatewayService(), made('web')], after(99)))).toEqual([]);
});

test('retain keeps it, also where it is mistyped', () => {
  for (const retain of ['true', 'True', 'yes']) {
    expect(writes(plan([made('web', { retain })], after(99)))).toEqual([]);
  }
});

test('one goes a pass, or as many as the configuration says', () => {
  const three = [made('web'), made('api'), made('shop')];
  expect(writes(plan(three, after(99)))).toHaveLength(1);
  expect(writes(plan(three, after(99, { managed: { maxRemovalsPerPass: 2 } })))).toHaveLength(2);
  expect(writes(plan(three, after(99, { managed: { maxRemovalsPerPass: 0 } })))).toEqual([]);
});

test('consent that was taken back takes nothing away', () => {
  expect(writes(plan([made('web')], after(99, { managed: { enabled: false } })))).toEqual([]);
});
