import * as z from 'zod';
import { flag, id, list, number, text, texts, textsIfTold } from './fields.ts';

/** Answers of the CLB API 2018-03-17: https://cloud.tencent.com/document/api/214/30694 */

export const LoadBalancer = z.object({
  LoadBalancerId: id,
  LoadBalancerName: text,
  /** OPEN, INTERNAL */
  LoadBalancerType: text,
  /** 0: being made, 1: normal. */
  Status: number,
  LoadBalancerVips: texts,
  LoadBalancerDomain: text,
  /** The older name of it; classic public ones have one, too. */
  Domain: text,
  AddressIPv6: text,
  VpcId: text,
  /** 1: isolated, for want of payment. */
  Isolation: number,
  IsolatedTime: text,
  IsBlock: flag,
  IsBlockTime: text,
  SecureGroups: textsIfTold,
  LoadBalancerPassToTarget: flag,
  AttributeFlags: texts,
});
export type LoadBalancer = z.infer<typeof LoadBalancer>;

/** DescribeLoadBalancers */
export const LoadBalancers = z
  .object({ LoadBalancerSet: z.array(LoadBalancer) })
  .transform(({ LoadBalancerSet }) => LoadBalancerSet);

export const HealthCheck = z.object({
  /** 1: on, 0: off. */
  HealthSwitch: number,
  CheckType: text,
  /** -1: the target's own. */
  CheckPort: number,
  /** 0: the CLB's own address, 1: 100.64.0.0/10. */
  SourceIpType: number,
});
export type HealthCheck = z.infer<typeof HealthCheck>;

export const Listener = z.object({
  ListenerId: id,
  ListenerName: text,
  /** TCP, UDP, TCP_SSL, QUIC, HTTP, HTTPS */
  Protocol: z.string().min(1),
  Port: z.number(),
  EndPort: number,
  HealthCheck: HealthCheck.nullish(),
  /** TCP_SSL and QUIC listeners may begin each connection with the PROXY protocol. */
  ProxyProtocol: z.boolean().nullish(),
  /** HTTP and HTTPS listeners probe by rule. */
  Rules: list(z.object({ HealthCheck: HealthCheck.nullish() })),
});
export type Listener = z.infer<typeof Listener>;

/** DescribeListeners */
export const Listeners = z.object({ Listeners: list(Listener) }).transform((answer) => answer.Listeners);

const Target = z.object({
  InstanceId: text,
  EniId: text,
  Port: z.number(),
  Weight: number,
  PrivateIpAddresses: texts,
});

/** DescribeTargets */
export const Targets = z
  .object({
    Listeners: list(
      z.object({
        ListenerId: id,
        /** Layer 4. */
        Targets: list(Target),
        /** Layer 7. */
        Rules: list(z.object({ LocationId: text, Targets: list(Target) })),
      }),
    ),
  })
  .transform((answer) => answer.Listeners);
export type ListenerTargets = z.infer<typeof Targets>[number];

const TargetHealth = z.object({
  IP: text,
  Port: z.number(),
  TargetId: text,
  HealthStatus: flag,
  /** Alive, Dead, Unknown, Close */
  HealthStatusDetail: text,
  Weight: number,
});
export type TargetHealth = z.infer<typeof TargetHealth>;

const LoadBalancerHealth = z.object({
  LoadBalancerId: id,
  /** Layer 4 has rules here, too: one, without a location. */
  Listeners: list(
    z.object({ ListenerId: id, Rules: list(z.object({ LocationId: text, Targets: list(TargetHealth) })) }),
  ),
});
export type LoadBalancerHealth = z.infer<typeof LoadBalancerHealth>;

/** DescribeTargetHealth */
export const TargetHealths = z
  .object({ LoadBalancers: list(LoadBalancerHealth) })
  .transform((answer) => answer.LoadBalancers);
