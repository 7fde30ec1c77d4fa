import { CHECKS } from '../../../src/checks/all.ts';
import { runChecks } from '../../../src/checks/run.ts';
import { buildDoctorReport } from '../../../src/cli/doctor-report.ts';
import type { DoctorReport } from '../../../src/cli/doctor-report.types.ts';
import { type ClusterData, ciliumConfig, edited, patch } from '../../checks/cluster-data.ts';
import { REFERENCES } from '../../checks/reference/all.ts';
import { NOW } from '../../checks/reference/parts.ts';
import { scenarios as VERSIONS } from '../../checks/scenarios/cilium-version.ts';
import { type WorldOptions, worldOf } from '../../checks/world-of.ts';

/** What doctor says of a cluster that is given as data. */
export async function reportOn(cluster: ClusterData, options: WorldOptions = {}): Promise<DoctorReport> {
  return buildDoctorReport({
    version: '1.2.3',
    server: 'https://10.0.0.1:6443',
    context: 'cce-prod',
    startedAt: NOW,
    diagnosis: runChecks(CHECKS, await worldOf(cluster, options)),
  });
}

const oldVersion = VERSIONS.find(({ reason }) => reason === 'VersionHasFault')?.broken ?? [];

/** A cluster with something of each verdict. */
export const MIXED = edited(REFERENCES['cce-overlay'], [
  ciliumConfig({ 'kube-proxy-replacement': 'false', 'gateway-api-xff-num-trusted-hops': '2' }),
  ...oldVersion,
  patch('Node *', { metadata: { labels: { 'node.kubernetes.io/exclude-from-external-load-balancers': 'true' } } }),
]);
export const HEALTHY: ClusterData = REFERENCES['cce-overlay'];
/** The cloud does not say everything. */
export const SOME_DENIED: WorldOptions = {
  failing: { cluster: 'denied', vpc: 'denied' },
  unreadable: ['Ingress', 'Lease'],
};
