import { readBoolean } from '../../cilium/settings.ts';
import { covers, parseCidr, parseCidrs } from '../../lib/cidr.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { configTarget, readCilium, restartCommand } from '../facts/cilium.ts';
import { podCidrsOf } from '../facts/pod-cidrs.ts';

export const nativeRoutingCidr = defineCheck({
  id: 'native-routing-cidr',
  section: 'cluster',
  link: 'Pod',
  title: 'With native routing, traffic between Pods is not masqueraded',
  looksAt:
    '`ipv4-native-routing-cidr`, `enable-ipv4-masquerade`, `enable-ip-masq-agent` of cilium-config, the Pod CIDRs',
  docs: PAGES.masquerading,
  causes: ['cilium-eni-mode'],
  needs: ['ciliumConfig', 'podPools', 'nodes'],
  reasons: {
    NativeRoutingCidrMissing:
      'With native routing and masquerading, Cilium must be told which range is not masqueraded.',
    NativeRoutingCidrTooSmall:
      'Pods have addresses outside ipv4-native-routing-cidr: traffic between them is masqueraded.',
  },
  run({ kube }, say) {
    const cilium = readCilium(kube);
    if (cilium === undefined) return [say.notApplicable('There is no cilium-config.')];
    if (cilium.routing !== 'native') return [say.notApplicable('Cilium tunnels.')];
    if (!cilium.ipv4Masquerade) return [say.pass('Cilium masquerades nothing.')];
    if (readBoolean(cilium.data['enable-ip-masq-agent']) === true) {
      return [say.pass('The ip-masq-agent of Cilium says what is not masqueraded; that is looked at on the way out.')];
    }
    const { cidrs, from } = podCidrsOf(kube, cilium);
    const value = (cilium.data['ipv4-native-routing-cidr'] ?? '').trim();
    const wanted = cidrs.join(', ') || 'the range of all Pods';
    const restart = restartCommand(kube);
    if (value === '') {
      return [
        say.fail('NativeRoutingCidrMissing', {
          target: configTarget(kube),
          message:
            'routing-mode is native with masquerading, and ipv4-native-routing-cidr is not set: the agents refuse to start, or masquerade traffic between Pods.',
          fix: `Set a range that covers ${wanted}, in Cilium's Helm values: ipv4NativeRoutingCIDR=${cidrs[0] ?? '<range>'}; then: ${restart}`,
          evidence: { 'routing-mode': 'native', 'enable-ipv4-masquerade': 'true', podCidrs: cidrs, from },
        }),
      ];
    }
    const outside = cidrs.filter((cidr) => {
      const range = parseCidr(cidr);
      return range !== undefined && range.family === 4 && !covers(parseCidrs([value]), range);
    });
    if (outside.length === 0) return [say.pass(`ipv4-native-routing-cidr ${value} covers the Pods (${from}).`)];
    return [
      say.fail('NativeRoutingCidrTooSmall', {
        target: configTarget(kube),
        message: `ipv4-native-routing-cidr is ${value}, which does not cover ${outside.join(', ')} (${from}): Pods there see each other with the addresses of nodes, and policies by label don't match.`,
        fix: `Set a range that covers ${wanted}, in Cilium's Helm values: ipv4NativeRoutingCIDR=<range>; then: ${restart}`,
        evidence: { 'ipv4-native-routing-cidr': value, outside, from },
      }),
    ];
  },
});
