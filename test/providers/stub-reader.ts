import type { CloudAccess } from '../../src/providers/open.types.ts';
import type { CloudAnswer, CloudLoadBalancer, CloudName, CloudReader } from '../../src/providers/provider.types.ts';

/** A load balancer with an EIP and a VIP. */
export function loadBalancer(id: string, more: Partial<CloudLoadBalancer> = {}): CloudLoadBalancer {
  return {
    id,
    name: `name-${id}`,
    state: 'active',
    stateText: 'ACTIVE',
    vpcId: 'vpc-1',
    kind: undefined,
    addresses: { publicIps: ['122.9.70.186'], privateIps: ['192.168.0.133'], ipv6: [], hostname: '' },
    isPublic: true,
    admission: { probeSources: undefined, clientTraffic: undefined },
    securityGroupIds: undefined,
    frozenReason: '',
    changeProtected: undefined,
    ...more,
  };
}

export type LoadBalancerAnswer = (id: string, signal: AbortSignal) => Promise<CloudLoadBalancer>;

/** A cloud of which only load balancers can be read. */
function stubReader(cloud: CloudName, answer: LoadBalancerAnswer): CloudReader {
  const none = (): Promise<never> => Promise.reject(new Error('not scripted'));
  return {
    cloud,
    region: 'region-1',
    loadBalancer: async (id, signal): Promise<CloudAnswer<CloudLoadBalancer>> => ({
      value: await answer(id, signal),
      from: [{ action: 'lb:get', requestId: 'r-1' }],
    }),
    listeners: none,
    targets: none,
    natGateways: none,
    routeTables: none,
    subnets: none,
    vpc: none,
    publicIps: none,
    securityGroup: none,
    instances: none,
    cluster: none,
  };
}

export function stubAccess(
  cloud: CloudName,
  answer: LoadBalancerAnswer,
  missingCredentials: () => string | undefined = () => undefined,
): CloudAccess {
  return {
    cloud,
    reader: () => Promise.resolve(stubReader(cloud, answer)),
    actions: () => Promise.resolve({}),
    title: cloud === 'huawei' ? 'Huawei Cloud' : 'Tencent Cloud',
    vpcId: undefined,
    clusterId: undefined,
    missingCredentials,
  };
}
