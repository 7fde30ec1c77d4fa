import * as z from 'zod';
import type { CloudAnswer, CloudCluster, CloudSubnet } from '../provider.types.ts';
import { ifPossible, sources } from './answers.ts';
import { type HuaweiClient, idIn } from './client.ts';
import { OptionalText, optionalList } from './shapes.ts';
import type { HuaweiSubnet } from './vpc.ts';

const Cluster = z.object({
  metadata: z.object({ uid: z.string(), name: OptionalText }),
  spec: z.object({
    version: OptionalText,
    hostNetwork: z.object({ vpc: OptionalText, SecurityGroup: OptionalText }).nullish(),
    containerNetwork: z
      .object({ mode: OptionalText, cidr: OptionalText, cidrs: optionalList(z.object({ cidr: z.string() })) })
      .nullish(),
    /** Turbo clusters only. */
    eniNetwork: z
      .object({ eniSubnetId: OptionalText, subnets: optionalList(z.object({ subnetID: z.string() })) })
      .nullish(),
    serviceNetwork: z.object({ IPv4CIDR: OptionalText, IPv6CIDR: OptionalText }).nullish(),
    /** Of older clusters. */
    kubernetesSvcIpRange: OptionalText,
    kubeProxyMode: OptionalText,
  }),
});

type Spec = z.infer<typeof Cluster>['spec'];
type Subnets = (vpcId: string, signal: AbortSignal) => Promise<CloudAnswer<readonly HuaweiSubnet[]>>;

/** A CCE cluster: 1 call, 2 where Pods have network interfaces of their own. */
export async function readCluster(
  client: HuaweiClient,
  subnets: Subnets,
  id: string,
  signal: AbortSignal,
): Promise<CloudAnswer<CloudCluster>> {
  const action = 'cce:cluster:get';
  const path = `/api/v3/projects/{project_id}/clusters/${idIn(action, id)}`;
  const answer = await client.ask({ action, path, answer: Cluster }, signal);
  const { metadata, spec } = answer.value;
  const vpcId = spec.hostNetwork?.vpc ?? '';
  const podSubnets = podSubnetsOf(spec);
  const inVpc = podSubnets.length === 0 ? NOTHING : await ifPossible(subnets(vpcId, signal));
  return {
    value: {
      id: metadata.uid,
      name: metadata.name,
      version: spec.version,
      networkMode: spec.containerNetwork?.mode ?? '',
      // The API does not tell: its Pods and DaemonSets in the cluster do.
      cloudCilium: undefined,
      vpcId,
      podCidrs: podCidrsOf(spec),
      serviceCidrs: serviceCidrsOf(spec),
      podSubnetIds: podSubnets.map((subnet) => networkId(subnet, inVpc.value ?? [])),
      nodeSecurityGroupIds: given(spec.hostNetwork?.SecurityGroup),
      kubeProxyMode: spec.kubeProxyMode,
    },
    from: sources(answer, inVpc),
  };
}

const NOTHING: CloudAnswer<readonly HuaweiSubnet[]> = { value: [], from: [] };

function podCidrsOf({ containerNetwork }: Spec): string[] {
  const cidrs = containerNetwork?.cidrs.map(({ cidr }) => cidr) ?? [];
  return cidrs.length > 0 ? cidrs : given(containerNetwork?.cidr);
}

function serviceCidrsOf({ serviceNetwork, kubernetesSvcIpRange }: Spec): string[] {
  const cidrs = [...given(serviceNetwork?.IPv4CIDR), ...given(serviceNetwork?.IPv6CIDR)];
  return cidrs.length > 0 ? cidrs : given(kubernetesSvcIpRange);
}

function podSubnetsOf({ eniNetwork }: Spec): string[] {
  const subnets = eniNetwork?.subnets.map(({ subnetID }) => subnetID) ?? [];
  return subnets.length > 0 ? subnets : given(eniNetwork?.eniSubnetId);
}

/** CCE names the Neutron subnet, everything else the network. */
function networkId(neutronSubnetId: string, subnets: readonly HuaweiSubnet[]): CloudSubnet['id'] {
  return subnets.find((subnet) => subnet.neutronSubnetId === neutronSubnetId)?.id ?? neutronSubnetId;
}

function given(text: string | undefined): string[] {
  return text === undefined || text === '' ? [] : [text];
}
