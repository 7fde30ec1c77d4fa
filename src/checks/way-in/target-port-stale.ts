import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { NO_ENTRYPOINT, servedOf } from '../facts/balanced.ts';
import { planFindings } from '../facts/gateway-plan.ts';

export const targetPortStale = defineCheck({
  id: 'target-port-stale',
  section: 'way-in',
  link: 'target',
  title: 'Each entrypoint leads to the port at which Envoy is reached now',
  looksAt:
    'targetPort of the entrypoints against the NodePorts of the Gateway Services (or the ports of the listeners)',
  docs: PAGES.gatewayApi,
  causes: ['second-writer', 'entrypoint-selector'],
  needs: ['services', 'gateways', 'gatewayClasses'],
  reasons: {
    TargetPortStale: 'The entrypoint leads to a port at which no Envoy answers (any more).',
    TargetPortBehind: 'The targetPort is not what it should be; a redirect carries the traffic, so nothing fails yet.',
  },
  run(world, say) {
    const served = servedOf(world);
    if (served.length === 0) return [say.notApplicable(NO_ENTRYPOINT)];
    const findings = [
      ...planFindings(world, 'target-port-stale', ['NodePortMissing', 'PortNotMatched', 'ListenerNotReachable']),
      ...served.flatMap(({ subject, entrypoint, exposure, actions }) =>
        actions
          .filter(({ kind, reason }) => kind === 'patch-entrypoint' && reason === 'TargetPortSynced')
          .map(({ target, changes, request }) => {
            const { namespace, name } = entrypoint.meta;
            const ports = changes.filter(({ field }) => field.endsWith('.targetPort'));
            const what = ports
              .map(
                ({ field, before, after }) =>
                  `${field} is ${String(before ?? 'not set')} and should be ${String(after)}`,
              )
              .join(', ');
            const body = request.verb === 'patch' && request.patch.type === 'json' ? request.patch.body : [];
            const carried = exposure === 'redirect';
            const said = {
              target,
              message: carried
                ? `The entrypoint of ${subject.key}: ${what}; the redirect carries its traffic, and while it is renewed connections go astray.`
                : `The entrypoint of ${subject.key} leads nowhere: ${what} (exposure ${exposure ?? 'unknown'}).`,
              fix: `kubectl -n ${namespace} patch service ${name} --type=json -p '${JSON.stringify(body)}'   Or run the controller, which follows the NodePort.`,
              evidence: {
                exposure: exposure ?? 'unknown',
                changes: ports.map(({ field, before, after }) => ({
                  field,
                  found: before ?? null,
                  wanted: after ?? null,
                })),
              },
            };
            return carried ? say.warn('TargetPortBehind', said) : say.fail('TargetPortStale', said);
          }),
      ),
    ];
    return findings.length > 0 ? findings : [say.pass('Each targetPort is what its exposure needs.')];
  },
});
