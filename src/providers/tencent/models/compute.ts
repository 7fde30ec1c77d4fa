import * as z from 'zod';
import { flag, id, list, number, text, texts, textsIfTold } from './fields.ts';

/** Answers of the CVM API 2017-03-12 and of the TKE APIs 2018-05-25 and 2022-05-01. */

const Instance = z.object({
  InstanceId: id,
  InstanceState: text,
  /** Of the primary network interface. */
  PrivateIpAddresses: texts,
  PublicIpAddresses: texts,
  SecurityGroupIds: textsIfTold,
  VirtualPrivateCloud: z.object({ VpcId: text, SubnetId: text }).nullish(),
});
export type Instance = z.infer<typeof Instance>;

/** cvm:DescribeInstances */
export const Instances = z.object({ InstanceSet: z.array(Instance) }).transform(({ InstanceSet }) => InstanceSet);

const ClusterNode = z.object({
  InstanceId: text,
  InstanceState: text,
  LanIP: text,
  Native: z
    .object({
      /** `np-…`: the Machine. */
      MachineName: text,
      /** `ins-…` or `eks-…`: what it runs on. */
      InstanceId: text,
      LanIp: text,
      WanIp: text,
      SecurityGroupIDs: textsIfTold,
      SubnetId: text,
      VpcId: text,
    })
    .nullish(),
});
export type ClusterNode = z.infer<typeof ClusterNode>;

/** tke:DescribeClusterInstances, 2022-05-01 */
export const ClusterNodes = z
  .object({ TotalCount: number, InstanceSet: list(ClusterNode) })
  .transform(({ TotalCount, InstanceSet }) => ({ total: TotalCount, items: InstanceSet }));

/** What `Property` holds: JSON in a text. A text that is none says nothing. */
const Property = text
  .transform((value): unknown => {
    try {
      return JSON.parse(value);
    } catch {
      return undefined;
    }
  })
  .pipe(z.object({ NetworkType: text, VpcCniType: text }).optional().catch(undefined));

const Cluster = z.object({
  ClusterId: id,
  ClusterName: text,
  ClusterVersion: text,
  Property,
  ClusterNetworkSettings: z
    .object({
      VpcId: text,
      ClusterCIDR: text,
      ServiceCIDR: text,
      Ipv6ServiceCIDR: text,
      Subnets: texts,
      Ipvs: flag,
      KubeProxyMode: text,
      CiliumMode: text,
      DataPlaneV2: flag,
    })
    .nullish(),
});
export type Cluster = z.infer<typeof Cluster>;

/** tke:DescribeClusters */
export const Clusters = z
  .object({ TotalCount: number, Clusters: list(Cluster) })
  .transform((answer) => ({ total: answer.TotalCount, items: answer.Clusters }));

/** tke:DescribeIPAMD */
export const Ipamd = z.object({ EnableIPAMD: flag, SubnetIds: texts });
