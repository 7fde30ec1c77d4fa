import { describe, expect, it } from 'vitest';
import { CHECKS } from '../../src/checks/all.ts';
import { runChecks } from '../../src/checks/run.ts';
import type { ClusterData } from './cluster-data.ts';
import type { CloudOperation } from './fake-cloud.ts';
import { REFERENCES } from './reference/all.ts';
import { worldOf } from './world-of.ts';

const CLUSTERS: readonly [string, ClusterData][] = Object.entries(REFERENCES);
const OPERATIONS = ['cluster', 'instances', 'loadBalancer', 'listeners', 'targets', 'securityGroup'] as const;
const MORE_OPERATIONS = ['vpc', 'natGateways', 'routeTables', 'subnets', 'publicIps'] as const;

describe.each(CLUSTERS)('the healthy cluster %s', (_, cluster) => {
  it('passes every check that applies, by name: none fails, warns or is unknown', async () => {
    const { outcomes, brokenLink } = runChecks(CHECKS, await worldOf(cluster));
    const others = outcomes.filter(({ verdict }) => verdict !== 'pass' && verdict !== 'not-applicable');
    expect(others.map(({ check, findings }) => [check.id, findings])).toEqual([]);
    expect(brokenLink).toBeUndefined();
  });

  it.each<CloudOperation>([...OPERATIONS, ...MORE_OPERATIONS])(
    'turns only checks that need it to unknown when %s is denied',
    async (operation) => {
      const denied = runChecks(CHECKS, await worldOf(cluster, { failing: { [operation]: 'denied' } }));
      const wrong = denied.outcomes.filter(({ verdict }) => verdict === 'fail' || verdict === 'warn');
      expect(wrong.map(({ check, findings }) => [check.id, findings])).toEqual([]);
      const unknown = denied.outcomes.flatMap(({ findings }) =>
        findings.filter(({ verdict }) => verdict === 'unknown'),
      );
      for (const { reason, message, fix } of unknown) {
        expect(reason).toMatch(/^Cloud(?:Denied|NotAsked)$/);
        if (reason === 'CloudDenied') expect(`${message} ${fix}`).toContain(`fake:${operation}`);
      }
    },
  );
});
