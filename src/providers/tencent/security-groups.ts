import type { CloudRulePeer, CloudSecurityGroup, CloudSecurityRule } from '../provider.types.ts';
import type { Policy } from './models/vpc.ts';
import { asCidr } from './network.ts';

/** A security group. */
export function toSecurityGroup(
  id: string,
  { Ingress, Egress }: { readonly Ingress: readonly Policy[]; readonly Egress: readonly Policy[] },
): CloudSecurityGroup {
  return {
    id,
    evaluation: 'first-match',
    rules: [...inOrder(Ingress, 'ingress'), ...inOrder(Egress, 'egress')],
  };
}

/** By index; what a template was resolved to shares one index and keeps its order. */
function inOrder(policies: readonly Policy[], direction: CloudSecurityRule['direction']): readonly CloudSecurityRule[] {
  return policies
    .map((policy, place) => ({ policy, index: policy.PolicyIndex ?? place }))
    .toSorted((a, b) => a.index - b.index)
    .map(({ policy, index }) => toRule(policy, index, direction));
}

function toRule(policy: Policy, index: number, direction: CloudSecurityRule['direction']): CloudSecurityRule {
  return {
    id: `${direction} rule ${index}`,
    direction,
    allow: policy.Action.toUpperCase() === 'ACCEPT',
    priority: 1,
    family: familyOf(policy),
    ...serviceOf(policy),
    peer: peerOf(policy),
  };
}

function familyOf({ CidrBlock, Ipv6CidrBlock }: Policy): CloudSecurityRule['family'] {
  if (CidrBlock === '' && Ipv6CidrBlock === '') return 'any';
  return Ipv6CidrBlock === '' ? 'ipv4' : CidrBlock === '' ? 'ipv6' : 'any';
}

/** Protocol and ports, unless they stay behind a service template. */
function serviceOf({ Protocol, Port }: Policy): Pick<CloudSecurityRule, 'protocol' | 'ports'> {
  if (Protocol === '') return { protocol: 'unknown', ports: 'unknown' };
  const protocol = Protocol.toLowerCase();
  const hasPorts = protocol === 'tcp' || protocol === 'udp';
  return { protocol, ports: Port === '' ? (hasPorts ? 'unknown' : 'all') : portsOf(Port) };
}

/** `ALL`, `80`, `8000-9000`, `80,443,8000-9000`. */
function portsOf(text: string): CloudSecurityRule['ports'] {
  if (text.toUpperCase() === 'ALL') return 'all';
  const ranges = text.split(',').map((part) => /^\s*(\d{1,5})(?:\s*-\s*(\d{1,5}))?\s*$/.exec(part));
  const ports = ranges.flatMap((range) =>
    range === null ? [] : [{ from: Number(range[1]), to: Number(range[2] ?? range[1]) }],
  );
  return ports.length === ranges.length ? ports : 'unknown';
}

function peerOf({ CidrBlock, Ipv6CidrBlock, SecurityGroupId, AddressTemplate }: Policy): CloudRulePeer {
  const cidrs = [CidrBlock, Ipv6CidrBlock].filter((cidr) => cidr !== '').map(asCidr);
  if (cidrs.length > 0) return { kind: 'cidrs', cidrs };
  if (SecurityGroupId !== '') return { kind: 'group', groupId: SecurityGroupId };
  const { AddressId = '', AddressGroupId = '' } = AddressTemplate ?? {};
  return { kind: 'unknown', name: AddressId !== '' ? AddressId : AddressGroupId };
}
