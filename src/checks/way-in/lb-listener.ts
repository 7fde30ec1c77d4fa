import { SERVICES } from '../../kube/resources.ts';
import { targetOf } from '../../plan/make.ts';
import { requestsOf } from '../asked.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { eachBalancer, withAnswer } from '../facts/balanced.ts';
import { listenerFor, portText } from '../facts/listeners.ts';

export const lbListener = defineCheck({
  id: 'lb-listener',
  section: 'way-in',
  link: 'listener',
  title: 'The load balancer listens on each port of its entrypoint',
  looksAt: 'listeners of the load balancer against spec.ports of the entrypoint; events of the cloud controller',
  docs: PAGES.loadBalancerServices,
  causes: ['lb-exists', 'lb-frozen', 'lb-annotation-conflict', 'entrypoint-selector'],
  needs: ['services', 'gateways', 'gatewayClasses'],
  reasons: {
    ListenerMissing: 'The load balancer has no listener for a port of the entrypoint.',
    ListenerDisabled: 'The listener is there, and switched off.',
    ListenerWithoutBackendGroup: 'The listener leads to no backend server group.',
  },
  run(world, say) {
    return eachBalancer(world, say, 'There is a listener for each port.', ({ entrypoint, asked, id }) =>
      withAnswer('lb-listener', asked.listeners, (listeners) => {
        const { uid, namespace, name } = entrypoint.meta;
        const target = targetOf(SERVICES, entrypoint.meta);
        const said = world.kube.events.items
          .filter(({ about }) => about.uid === uid || (about.namespace === namespace && about.name === name))
          .toSorted((a, b) => (a.lastSeen < b.lastSeen ? 1 : -1))[0];
        const from = asked.listeners.state === 'answered' ? requestsOf(asked.listeners.from) : [];
        const evidence = {
          loadBalancer: id,
          requests: from,
          ...(said === undefined ? {} : { event: `${said.component}: ${said.reason}: ${said.message}` }),
        };
        return entrypoint.ports.flatMap((port) => {
          const listener = listenerFor(port, listeners);
          const which = portText(port);
          if (listener === undefined) {
            const there = listeners.map((one) => `${one.port}/${one.protocol}`).join(', ') || 'none';
            return [
              say.fail('ListenerMissing', {
                target,
                message: `Load balancer ${id} has no listener for ${which} of the entrypoint (it has: ${there}).`,
                fix: `See why the cloud controller does not make it: kubectl -n ${namespace} describe service ${name}`,
                evidence: { ...evidence, port: which, listeners: there },
              }),
            ];
          }
          if (!listener.enabled) {
            return [
              say.fail('ListenerDisabled', {
                target,
                message: `Listener ${listener.id} of load balancer ${id} for ${which} is switched off.`,
                fix: 'Switch it on in the console of the load balancer.',
                evidence: { ...evidence, port: which, listener: listener.id },
              }),
            ];
          }
          if (listener.hasBackendGroup) return [];
          return [
            say.fail('ListenerWithoutBackendGroup', {
              target,
              message: `Listener ${listener.id} of load balancer ${id} for ${which} has no backend server group: it answers nobody.`,
              fix: `Delete the listener in the console and let the cloud controller make it anew: kubectl -n ${namespace} label service ${name} touched="$(date +%s)" --overwrite`,
              evidence: { ...evidence, port: which, listener: listener.id },
            }),
          ];
        });
      }),
    );
  },
});
