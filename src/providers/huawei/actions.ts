import type { ActionUse } from '../cloud.types.ts';
import type { HuaweiService } from './endpoints.ts';

interface HuaweiActionUse extends ActionUse {
  /** Whose endpoint is asked, and whose limit it counts against. */
  readonly service: HuaweiService;
}

/**
 * Every question to Huawei Cloud. Permissions are those of custom policies "Version 1.1"; where a list has no permission of
 * its own (subnets, ports), `get` covers it (API references of the services, chapter Permissions Policies and Supported Actions).
 */
export const ACTIONS = {
  'elb:loadbalancers:get': {
    service: 'elb',
    permissions: ['elb:loadbalancers:get'],
    purpose: 'addresses, state and kind of a load balancer',
  },
  'elb:localPorts:list': {
    service: 'elb',
    permissions: ['elb:loadbalancers:get'],
    purpose: 'where the health checks of a dedicated load balancer come from',
  },
  'elb:listeners:list': {
    service: 'elb',
    permissions: ['elb:listeners:list'],
    purpose: 'ports of a load balancer',
  },
  'elb:members:list': {
    service: 'elb',
    permissions: ['elb:members:list'],
    purpose: 'backend servers of a load balancer and their health',
  },
  'nat:natGateways:list': {
    service: 'nat',
    permissions: ['nat:natGateways:list'],
    purpose: 'NAT gateways of a VPC',
  },
  'nat:snatRules:list': {
    service: 'nat',
    permissions: ['nat:snatRules:list'],
    purpose: 'which subnets a NAT gateway serves',
  },
  'vpc:vpcs:get': {
    service: 'vpc',
    permissions: ['vpc:vpcs:get'],
    purpose: 'address ranges of a VPC',
  },
  'vpc:subnets:list': {
    service: 'vpc',
    permissions: ['vpc:subnets:get'],
    purpose: 'subnets of a VPC',
  },
  'vpc:routeTables:list': {
    service: 'vpc',
    permissions: ['vpc:routeTables:list'],
    purpose: 'route tables of a VPC',
  },
  'vpc:routeTables:get': {
    service: 'vpc',
    permissions: ['vpc:routeTables:get'],
    purpose: 'routes of a route table',
  },
  'vpc:securityGroupRules:list': {
    service: 'vpc',
    permissions: ['vpc:securityGroupRules:get'],
    purpose: 'rules of the security groups',
  },
  'vpc:securityGroups:get': {
    service: 'vpc',
    permissions: ['vpc:securityGroups:get', 'vpc:securityGroupRules:get'],
    purpose: 'whether a security group that shows no rules is there at all',
  },
  'vpc:addressGroups:get': {
    service: 'vpc',
    permissions: ['vpc:addressGroups:get'],
    purpose: 'addresses that a rule of a security group means',
  },
  'vpc:ports:list': {
    service: 'vpc',
    permissions: ['vpc:ports:get'],
    purpose: 'security groups of the nodes',
  },
  'vpc:publicIps:list': {
    service: 'eip',
    permissions: ['vpc:publicIps:list'],
    purpose: 'state of public addresses',
  },
  'vpc:bandwidths:get': {
    service: 'eip',
    permissions: ['vpc:bandwidths:get'],
    purpose: 'state of the bandwidth of a public address',
  },
  'vpc:bandwidths:list': {
    service: 'eip',
    permissions: ['vpc:bandwidths:list'],
    purpose: 'state of the bandwidths of many public addresses',
  },
  'ecs:cloudServers:list': {
    service: 'ecs',
    permissions: ['ecs:cloudServers:list'],
    purpose: 'servers behind the nodes',
  },
  'cce:cluster:get': {
    service: 'cce',
    permissions: ['cce:cluster:get'],
    purpose: 'network mode and address ranges of the cluster',
  },
  'cce:node:list': {
    service: 'cce',
    permissions: ['cce:node:list'],
    purpose: 'which server a node is, where the node itself does not say',
  },
} as const satisfies Readonly<Record<string, HuaweiActionUse>>;

/** The name of a question; one that is not in the table does not compile. */
export type HuaweiAction = keyof typeof ACTIONS;
