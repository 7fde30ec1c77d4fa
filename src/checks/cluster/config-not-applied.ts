import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { agentsOf, configTarget, operatorsOf, readCilium, restartCommand } from '../facts/cilium.ts';
import { listOf } from '../facts/names.ts';

/** A rollout takes its time. */
const ROLLOUT_MS = 10 * 60_000;

export const configNotApplied = defineCheck({
  id: 'config-not-applied',
  section: 'cluster',
  link: 'Envoy',
  title: 'Agents and operator run with the cilium-config that stands there',
  looksAt: 'when the data of cilium-config were written last, when agents and operator were started',
  docs: PAGES.ciliumConfig,
  needs: ['ciliumConfig', 'pods'],
  reasons: {
    ConfigNewerThanPods: 'Cilium reads cilium-config when it starts: what was changed since is not in force.',
    ConfigWriteTimeUnknown: 'cilium-config comes without managed fields, which alone say when it was written last.',
  },
  run({ kube, now }, say) {
    const [configMap] = kube.ciliumConfig.items;
    if (configMap === undefined || readCilium(kube) === undefined)
      return [say.notApplicable('There is no cilium-config.')];
    const { writtenAt, writtenBy, isWriteKnown } = configMap;
    const written = Date.parse(writtenAt);
    const older = [...agentsOf(kube), ...operatorsOf(kube)].filter(({ containers }) =>
      containers.some(({ startedAt }) => startedAt !== '' && Date.parse(startedAt) < written),
    );
    if (older.length === 0 && !isWriteKnown) {
      return [
        say.unknown('ConfigWriteTimeUnknown', {
          target: configTarget(kube),
          message: `cilium-config was made at ${writtenAt}, before every Pod of Cilium; whether it was changed since is not known, for it comes without managed fields.`,
          fix: `Dump it with them: kubectl -n ${kube.ciliumNamespace} get configmap cilium-config -o yaml --show-managed-fields`,
          evidence: { createdAt: writtenAt, field: 'metadata.managedFields' },
        }),
      ];
    }
    if (older.length === 0)
      return [say.pass(`Every Pod of Cilium was started after cilium-config was written (${writtenAt}).`)];
    const said = {
      target: configTarget(kube),
      message: `cilium-config was written at ${writtenAt}${writtenBy === '' ? '' : ` by ${writtenBy}`}, and ${older.length} ${older.length === 1 ? 'Pod of Cilium is' : 'Pods of Cilium are'} older (${listOf(older.map(({ meta }) => meta.name))}): they run with what stood there before.`,
      fix: `Restart them: ${restartCommand(kube)}`,
      evidence: { writtenAt, writtenBy, olderPods: older.map(({ meta }) => meta.name).slice(0, 20) },
    };
    return [now - written < ROLLOUT_MS ? say.warn('ConfigNewerThanPods', said) : say.fail('ConfigNewerThanPods', said)];
  },
});
