import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Ccm, startCcm } from '../emulators/ccm.ts';
import { type ControlPlane, startControlPlane } from './fixture.ts';
import { once, onceReport, requestsOfProduct, writesSince } from './product.ts';
import {
  applyGuide,
  clean,
  EIP,
  GUIDE_ELB,
  GUIDE_ENTRYPOINT,
  GUIDE_SERVICE,
  ingressOf,
  ipAddresses,
  nodePortOf,
  patchStatusByHand,
  programming,
  targetPortsOf,
  VIP,
  versions,
  waitForAddress,
} from './scenario.ts';
import { GUIDE_CILIUM, MAIN_VERSIONS, NEW_KUBERNETES } from './versions.ts';
import { waitFor } from './wait.ts';

const PLANNED_WRITES = [
  'patch services kube-system/gateway-entrypoint',
  'patch services/status default/cilium-gateway-ip-gateway',
];

describe.each([
  { kubernetes: MAIN_VERSIONS.kubernetes, cilium: MAIN_VERSIONS.cilium },
  { kubernetes: MAIN_VERSIONS.kubernetes, cilium: GUIDE_CILIUM },
  { kubernetes: NEW_KUBERNETES, cilium: MAIN_VERSIONS.cilium },
])("the CCE guide's cluster on Kubernetes $kubernetes with Cilium $cilium", (versionsUnderTest) => {
  let cluster: ControlPlane;
  let ccm: Ccm;

  beforeAll(async () => {
    cluster = await startControlPlane(versionsUnderTest);
    const addresses = { [GUIDE_ELB]: [{ ip: EIP }, { ip: VIP }] };
    ccm = startCcm({ send: cluster.request, dialect: 'huawei', manner: 'holds', addresses });
  });
  afterAll(async () => {
    await ccm?.stop();
    await cluster?.stop();
  });
  beforeEach(async () => {
    await applyGuide(cluster);
    await patchStatusByHand(cluster, GUIDE_SERVICE, '10.0.0.10');
    await waitForAddress(cluster, GUIDE_ENTRYPOINT);
    await waitFor('Cilium to believe it', async () => {
      expect((await programming(cluster)).addresses).toEqual(ipAddresses('10.0.0.10'));
      return true;
    });
  });
  afterEach(() => clean(cluster));

  test('one --once makes the Gateway Programmed; the dry run before planned the same; the next writes nothing', async () => {
    const untouched = await versions(cluster);
    const start = await cluster.audit.mark();
    const dryRun = await onceReport(cluster, { args: ['--dry-run', '--adopt', 'auto'] });
    expect(dryRun.code).toBe(2);
    expect(await writesSince(cluster, start)).toEqual([]);
    expect(await versions(cluster)).toEqual(untouched);

    const real = await onceReport(cluster, { args: ['--adopt', 'auto', '--yes'] });
    expect(real.stderr).toBe('');
    expect(real.code).toBe(0);
    expect(withoutOutcome(real.report)).toEqual(withoutOutcome(dryRun.report));
    expect(real.report.actions.map(({ outcome }) => outcome.status)).toEqual(['applied', 'applied']);
    expect(await writesSince(cluster, start)).toEqual(PLANNED_WRITES);

    expect(await programming(cluster)).toEqual({ programmed: 'True', addresses: ipAddresses(EIP, VIP) });
    expect(await ingressOf(cluster)).toEqual([EIP, VIP].map((ip) => ({ ip, ipMode: 'Proxy' })));
    expect(await targetPortsOf(cluster)).toEqual([await nodePortOf(cluster)]);

    const settled = await versions(cluster);
    const end = await cluster.audit.mark();
    const again = await once(cluster, { args: ['--adopt', 'auto', '--yes'] });
    expect(again.code).toBe(0);
    expect(again.stdout).toContain('1 in sync');
    expect(await writesSince(cluster, end)).toEqual([]);
    expect(await versions(cluster)).toEqual(settled);
  });

  test('besides its writes it only reads, asks for rights, looks at the Lease and leaves Events', async () => {
    const start = await cluster.audit.mark();
    const result = await once(cluster, { args: ['--adopt', 'auto', '--yes'] });
    expect(result.code).toBe(0);
    expect(result.stdout).toContain(`✓ Gateway default/ip-gateway is programmed with ${EIP}, ${VIP}.`);
    const requests = await requestsOfProduct(cluster, start);
    const refused = requests.filter(({ responseStatus }) => (responseStatus?.code ?? 0) >= 400);
    expect(refused.map(({ verb, requestURI }) => `${verb} ${requestURI}`)).toEqual([
      'get /apis/coordination.k8s.io/v1/namespaces/kube-system/leases/cilium-cloud-bridge',
    ]);
    const changing = requests.filter(({ verb }) => !['get', 'list', 'watch'].includes(verb));
    expect([...new Set(changing.map(({ objectRef, verb }) => `${verb} ${objectRef?.resource}`))].sort()).toEqual([
      'create events',
      'create selfsubjectaccessreviews',
      'patch services',
    ]);
  });

  test('the plan shows every change before and after', async () => {
    const { stdout, code } = await once(cluster, { args: ['--dry-run', '--adopt', 'auto'] });
    expect(code).toBe(2);
    expect(stdout).toContain(`spec.ports[80].targetPort: 32546 → ${String(await nodePortOf(cluster))}`);
    expect(stdout).toContain('- {ip: 10.0.0.10, ipMode: VIP}');
    expect(stdout).toContain(`+ {ip: ${EIP}, ipMode: Proxy}`);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain('it replaces 10.0.0.10, written by kubectl-patch.');
    expect(stdout).toContain('2 writes planned');
    expect(stdout).toContain('Dry run: nothing was written.');
  });

  test('without --adopt it writes nothing and gives the command that says whom the entrypoint serves', async () => {
    const start = await cluster.audit.mark();
    const { stdout, code } = await once(cluster, { args: ['--yes'] });
    expect(code).toBe(2);
    expect(stdout).toContain(
      'kubectl -n kube-system annotate service gateway-entrypoint cilium-cloud-bridge.io/gateway=default/ip-gateway',
    );
    expect(await writesSince(cluster, start)).toEqual([]);
  });
});

function withoutOutcome({ actions }: { readonly actions: readonly { readonly outcome: unknown }[] }): unknown {
  return actions.map(({ outcome: _, ...action }) => action);
}
