import { ENVOY_CONFIGS, SERVICES } from '../../kube/resources.ts';
import { describeTarget, targetOf } from '../../plan/make.ts';
import type { Finding } from '../../plan/plan.types.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { NO_ENTRYPOINT, servedOf } from '../facts/balanced.ts';
import { planFindings } from '../facts/gateway-plan.ts';

/** What planning finds that leaves an entrypoint without a redirect, or with one that answers wrongly. */
const BROKEN = ['EnvoyConfigNotServed', 'ForeignEnvoyConfig', 'NoSourceEnvoyConfig', 'RedirectCopyStale'];
const OTHERS = ['EnvoyConfigNotReadable', 'RedirectCopyStatic', 'SourceHasHostListener'];

export const redirectCopy = defineCheck({
  id: 'redirect-copy',
  section: 'way-in',
  link: 'Envoy',
  title: 'Each redirect is there, up to date, and the only one of its Service',
  looksAt: 'CiliumEnvoyConfigs of the Gateways and their copies on the entrypoints',
  docs: PAGES.gatewayApi,
  causes: ['envoy-config-off', 'operator-pending', 'second-writer', 'session-affinity'],
  needs: ['services', 'gateways', 'gatewayClasses', 'envoyConfigs'],
  reasons: {
    RedirectCopyMissing: 'A controller runs, and the copy that it should keep is not there.',
    RedirectCopyOutdated: 'A controller runs, and its copy is not what its source says.',
    RedirectRivals: 'Two CiliumEnvoyConfigs name one Service, and only one of them counts.',
  },
  run(world, say) {
    const { kube } = world;
    const served = servedOf(world);
    if (served.length === 0) return [say.notApplicable(NO_ENTRYPOINT)];
    const findings: Finding[] = [
      ...planFindings(world, 'redirect-copy', BROKEN).map((found) => ({ ...found, verdict: 'fail' as const })),
      ...planFindings(world, 'redirect-copy', OTHERS),
      ...served.flatMap(({ subject, entrypoint, actions }) =>
        actions
          .filter(({ kind }) => kind === 'write-redirect-copy')
          .map(({ reason, target, changes }) => {
            const isNew = reason === 'RedirectCopyCreated';
            return say.fail(isNew ? 'RedirectCopyMissing' : 'RedirectCopyOutdated', {
              target: isNew ? targetOf(SERVICES, entrypoint.meta) : target,
              message: isNew
                ? `A controller runs, and ${describeTarget(target)}, which should send the entrypoint of ${subject.key} to Envoy, is not there: a share of the connections is refused.`
                : `A controller runs, and ${describeTarget(target)} is not what the Gateway says: the entrypoint of ${subject.key} answers by old routes.`,
              fix: `See why the controller does not write it: kubectl -n ${world.config.lease.namespace} logs -l app.kubernetes.io/name=cilium-cloud-bridge --tail=100`,
              evidence: {
                copy: describeTarget(target),
                changes: changes.map(({ field, before, after }) => ({
                  field,
                  found: before ?? null,
                  wanted: after ?? null,
                })),
              },
            });
          }),
      ),
      ...served.flatMap(({ subject }) => {
        const { service } = subject;
        const rivals = kube.envoyConfigs.items.filter(
          ({ services, meta }) =>
            !meta.deleting &&
            services.some(({ namespace, name }) => namespace === service?.meta.namespace && name === service.meta.name),
        );
        const [first, second] = rivals
          .map((one) => ({ ...one, own: one.meta.owners.some(({ uid }) => uid === subject.meta.uid) }))
          .toSorted((a, b) => Number(b.own) - Number(a.own));
        if (service === undefined || first === undefined || second === undefined) return [];
        const { namespace, name } = second.meta;
        return [
          say.fail('RedirectRivals', {
            target: targetOf(ENVOY_CONFIGS, second.meta),
            message: `Service ${service.meta.namespace}/${service.meta.name} of ${subject.key} is named by ${rivals.length} CiliumEnvoyConfigs (${rivals.map(({ meta }) => `${meta.namespace}/${meta.name}`).join(', ')}): an agent keeps one redirect a Service, and which one is chance.`,
            fix: `Remove the one that Cilium did not make: kubectl -n ${namespace} delete ciliumenvoyconfig ${name}`,
            evidence: { configs: rivals.map(({ meta }) => `${meta.namespace}/${meta.name}`) },
          }),
        ];
      }),
    ];
    return findings.length > 0 ? findings : [say.pass('Every redirect that is wanted is as it should be.')];
  },
});
