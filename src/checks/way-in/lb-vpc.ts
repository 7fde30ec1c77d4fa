import { SERVICES } from '../../kube/resources.ts';
import { targetOf } from '../../plan/make.ts';
import { unanswered } from '../asked.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { eachBalancer, withAnswer } from '../facts/balanced.ts';
import { answerOf } from '../facts/network.ts';
import type { DoctorWorld } from '../world.types.ts';

/** By which TKE is told that the CLB is in another VPC on purpose. */
const CROSS_VPC = 'service.cloud.tencent.com/cross-vpc-id';

export const lbVpc = defineCheck({
  id: 'lb-vpc',
  section: 'way-in',
  link: 'load balancer',
  title: "Each load balancer is in the cluster's VPC",
  looksAt: 'VPC of the load balancer, of the cluster and of its servers',
  docs: PAGES.loadBalancerServices,
  causes: ['lb-exists'],
  needs: ['services', 'gateways', 'gatewayClasses'],
  reasons: {
    LoadBalancerInOtherVpc: 'The load balancer is in another VPC than the nodes, and does not reach them.',
    LoadBalancerVpcUnknown: 'The cloud does not say which VPC the load balancer is in.',
  },
  run(world, say) {
    return eachBalancer(world, say, "Each load balancer is in the cluster's VPC.", ({ entrypoint, asked }) =>
      withAnswer('lb-vpc', asked.loadBalancer, ({ id, vpcId }) => {
        const target = targetOf(SERVICES, entrypoint.meta);
        const own = vpcOf(world);
        if (own === '') {
          const { cluster } = world.cloud;
          const why = 'nothing says which VPC the cluster is in; set cloud.vpcId';
          return [unanswered('lb-vpc', cluster.state === 'answered' ? { state: 'not-asked', why } : cluster)];
        }
        if (vpcId === undefined || vpcId === '') {
          return [
            say.unknown('LoadBalancerVpcUnknown', {
              target,
              message: `The cloud does not say which VPC load balancer ${id} is in; the cluster is in ${own}.`,
              fix: 'Look at the load balancer in the console.',
              evidence: { loadBalancer: id, clusterVpc: own },
            }),
          ];
        }
        if (vpcId === own || entrypoint.meta.annotations[CROSS_VPC] === vpcId) return [];
        return [
          say.fail('LoadBalancerInOtherVpc', {
            target,
            message: `Load balancer ${id} is in VPC ${vpcId}, and the cluster in ${own}: it does not reach the nodes.`,
            fix: `Make the entrypoint anew with a load balancer in ${own}: kubectl -n ${entrypoint.meta.namespace} get service ${entrypoint.meta.name} -o yaml, change the annotation that names ${id}, delete the Service and apply it again.`,
            evidence: { loadBalancer: id, vpc: vpcId, clusterVpc: own },
          }),
        ];
      }),
    );
  },
});

/** Empty: not known. */
function vpcOf({ cloud, kube, config }: DoctorWorld): string {
  const ofServers = answerOf(cloud.instances)?.find(({ vpcId }) => vpcId !== '')?.vpcId;
  return (
    answerOf(cloud.cluster)?.vpcId ||
    answerOf(cloud.vpc)?.id ||
    ofServers ||
    config.cloud.vpcId ||
    kube.tkeConfig.items[0]?.data.TKE_VPC_ID ||
    ''
  );
}
