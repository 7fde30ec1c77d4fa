import { CHECKS } from '../../src/checks/all.ts';
import { POD_PROBE_CHECKS } from '../../src/checks/pod-probe/all.ts';
import { PROBE_CHECKS } from '../../src/checks/probe/all.ts';

/** Reason codes that belong together, with what each means. */
interface ReasonGroup {
  readonly title: string;
  readonly about: string;
  readonly reasons: Readonly<Record<string, string>>;
}

/**
 * Every reason code of the program. A test looks through `src` and fails when one is missing here, or stands here and
 * nowhere else.
 */
export const REASON_GROUPS: readonly ReasonGroup[] = [
  {
    title: 'Writes',
    about: 'Each stands for one write that was made: in the log, in an Event on the objects concerned, in the report.',
    reasons: {
      AddressPublished: "The entrypoint's addresses were written to the status of the Gateway Service.",
      ForeignAddressReplaced: 'The same, in place of an address that somebody else had written.',
      IpModeCorrected: 'The addresses were right; their ipMode was not.',
      AddressWithdrawn: 'An address of ours was taken back: every source was read, and none gives one.',
      TargetPortSynced: "The entrypoint's targetPort follows the NodePort of the Gateway Service.",
      EntrypointAnnotated:
        'The entrypoint got `service.cilium.io/type: NodePort`, because ipMode is not honoured in this cluster.',
      EntrypointCreated: 'A managed entrypoint was made.',
      EntrypointUpdated: 'A managed entrypoint was brought to what the Gateway and the configuration ask for.',
      EntrypointDeleted: 'A managed entrypoint was deleted: its Gateway is proven gone, or no longer asks for it.',
      NodePortPinned: 'A recreated Gateway Service got its old NodePort back.',
      RedirectCopyCreated: "The Gateway's CiliumEnvoyConfig was copied onto the entrypoint.",
      RedirectCopyUpdated: 'That copy follows a change of its source.',
      RedirectCopyDeleted: 'That copy was removed: its Gateway, its entrypoint or its choice is gone.',
      TaintRemoved: 'A taint was removed from a node whose Cilium is up.',
      BootstrapTaintRemoved: "A taint was removed from one node, so that Cilium's operator can be scheduled.",
    },
  },
  {
    title: 'Writes that are not made',
    about: 'Why a planned write was left out, or came to nothing.',
    reasons: {
      DryRun: '`--dry-run` was given.',
      ReadOnly: 'The configuration says `readOnly`.',
      NotConfirmed: 'The question before writing was not answered with yes.',
      NotLeader: 'This process does not hold the Lease any more.',
      CapReached: 'Enough nodes were freed for the moment (`taints.maxPercent`, `taints.maxNodes`).',
      NotFit: 'The node no longer meets the conditions.',
      SecondWriter: 'Somebody else undoes this write again and again; nothing is written for a while.',
      WriteForbidden: 'The account may not make this write.',
      WriteRefused: 'The API server or a webhook refused the write; it is not repeated until the object changes.',
    },
  },
  {
    title: 'The program itself',
    about: 'Told in the log and, where it runs in a Pod, as Events on that Pod.',
    reasons: {
      ConfigurationChanged: 'The configuration file has changed, and is in force without a restart.',
      ConfigurationRefused: 'The changed file cannot be used: what was good before stays in force.',
      RestartNeeded: 'Keys have changed that take effect only after a restart.',
    },
  },
  {
    title: 'The controllers',
    about: 'In Events on the Lease by which one of them leads.',
    reasons: {
      LeaderElection: 'This one became the leader, or stopped leading.',
    },
  },
  {
    title: 'Gateways, Ingresses and their Services',
    about: '',
    reasons: {
      CloudAddressUnknown:
        'The entrypoint shows no address, and the cloud could not be read: what was published before stays.',
      EntrypointAddressAwaited: 'The entrypoint shows no address yet, and the cloud is being asked for it.',
      GatewayApiNotPossible:
        "Cilium's agents refuse Envoy in this cluster (TKE's native mode): no Gateway is ever served.",
      GatewayNotProgrammed: 'Cilium has not taken the published addresses over.',
      GatewayServiceMissing: 'Cilium has not made the Service of the Gateway or Ingress.',
      GatewayServiceNotLoadBalancer: 'That Service is not of type LoadBalancer, so it can hold no address.',
      HostNetworkNotProgrammed: "Envoy listens on the nodes' network, and this Cilium never marks such a Gateway.",
      Programmed: "Envoy listens on the nodes' network, and the Gateway is Programmed.",
      NoEntrypoint: 'No LoadBalancer Service serves it.',
      AddressOfUnknownOrigin: 'It has an address that this program did not write, and no entrypoint.',
      RequestedAddressNotOffered: '`spec.addresses` asks for an address that the load balancer does not have.',
      TooManyAddresses: 'More than 16 addresses: the first 16 are published.',
      NoAddressOfThatKind: 'Only public or only private addresses are wanted, and the load balancer has none.',
      IpModeUnknown: 'Whether the API server stores ipMode, or Cilium honours it, could not be seen.',
      IpModeNotPossible: 'ipMode is not honoured, and the way around it is not open: no address is written.',
      Paused: '`cilium-cloud-bridge.io/paused` is set on one of the objects.',
      NotReadable: 'A kind of object could not be read; what is assumed instead is said.',
    },
  },
  {
    title: 'Other owners of a Gateway Service',
    about: 'Nothing is written, because the other would undo it.',
    reasons: {
      ForeignLoadBalancerClass: 'The Service has a loadBalancerClass that another controller serves.',
      OwnedByLbIpam: "Cilium's LB-IPAM gives addresses, since a CiliumLoadBalancerIPPool exists.",
      OwnedByMetalLb: 'MetalLB gave the address.',
      OwnedByNodeIpam: "Cilium's Node IPAM gives the addresses.",
    },
  },
  {
    title: 'Entrypoints',
    about: '',
    reasons: {
      EntrypointHasNoAddress: 'The cloud controller has given it no address.',
      EntrypointNotLoadBalancer: 'It is not of type LoadBalancer, so no cloud serves it.',
      EntrypointOwnedByLbIpam: "Cilium's LB-IPAM gave it an address of a pool, which is none of the load balancer's.",
      EntrypointReachesNoEnvoy: "Its selector matches no Pod of Cilium's, so traffic to it ends nowhere.",
      EntrypointNotAnnotated:
        'A Service looks like the entrypoint, and nothing says so: annotate it, or use `--adopt`.',
      AdoptionAmbiguous: 'With `--adopt auto` more than one fits.',
      AdoptedEntrypointNotFound: 'The Service named with `--adopt` does not exist.',
      AnnotationMalformed: 'An annotation of ours cannot be understood.',
      AnnotationsContradict: 'It names both a Gateway and an Ingress.',
      SubjectNotFound: 'It names a Gateway or Ingress that Cilium does not serve.',
      SubjectUnknown: 'It names one that could not be looked up.',
      EntrypointNamespaceNotAllowed: 'A Service in that namespace may not claim that Gateway.',
      EntrypointNotOldest: 'An older entrypoint serves the same Gateway.',
      GatewayServiceIsNoEntrypoint: 'A Service that Cilium made carries the annotation; it cannot be an entrypoint.',
      LoadBalancerPortTaken: 'Two entrypoints want one port of one load balancer; the older has it.',
      NoPortMatches: 'No port of it is a port of the Gateway.',
      PortNotMatched: 'One of its ports leads nowhere.',
      ListenerNotReachable: 'A listener has no port on it.',
      NodePortMissing: 'The Gateway Service has no NodePort to lead to.',
      NodePortExposureRefuses: 'The exposure node-port refuses a share of all connections.',
    },
  },
  {
    title: 'Redirects',
    about: 'The copy of the CiliumEnvoyConfig that sends an entrypoint straight to Envoy.',
    reasons: {
      RedirectCopyStale: 'A copy is older than its source, and nobody follows it.',
      RedirectCopyStatic: 'The copy made by `--once` stays as it is when the command ends.',
      NoSourceEnvoyConfig: 'No CiliumEnvoyConfig names the Gateway Service.',
      SourceHasHostListener: 'Envoy listens on the nodes themselves: there is nothing to redirect.',
      SessionAffinityForbidsRedirect: 'The entrypoint has `sessionAffinity: ClientIP`, which Cilium does not redirect.',
      ForeignEnvoyConfig: 'A CiliumEnvoyConfig that is not ours stands in the way.',
      EnvoyConfigNotServed: 'The API server does not know CiliumEnvoyConfig.',
      EnvoyConfigNotReadable: 'CiliumEnvoyConfigs could not be read.',
    },
  },
  {
    title: 'Managed entrypoints',
    about: '',
    reasons: {
      ManagedNotEnabled: 'A Gateway asks for one, and the configuration allows none.',
      ManagedNamespaceNotAllowed: 'Gateways of that namespace may not ask for one.',
      ManagedAnnotationNotAllowed: 'It asks for an annotation that it may not set.',
      ManagedLoadBalancerNotAllowed: 'It asks for a load balancer that it may not use.',
      ManagedNodePortNotAllowed: 'It asks for fixed nodePorts, which the configuration does not allow.',
      ManagedOnlyForGateways: 'An Ingress asks for one; only Gateways can.',
      ManagedNameTaken: 'A Service of its name exists, and is not ours.',
      ManagedEntrypointTerminating: 'The former one is still being deleted.',
      ElbAnnotationFrozen: 'An annotation would have to change that CCE refuses to change.',
      EntrypointRetained: 'It is not wanted any more, and is kept because of `cilium-cloud-bridge.io/retain`.',
      EntrypointUnwanted: 'It is not wanted any more, and will be deleted.',
    },
  },
  {
    title: 'Taints',
    about: 'Why a listed taint stays on a node.',
    reasons: {
      AgentMissing: 'No agent of Cilium runs on the node.',
      AgentNotReady: 'The agent is not Ready.',
      AgentTerminating: 'The agent is being stopped.',
      AgentFromBeforeBoot: "The agent's status may be from before the node's last boot.",
      AgentNotReadyTaint: "Cilium's own taint says that the agent is not ready.",
      NodeNotReady: 'The node is not Ready.',
      NodeJustReady: 'The node is Ready, but not yet for long enough (`taints.grace`).',
      NodeAwaitsNetwork: 'The node waits for its network plugin.',
      NodeLeaving: 'The node is being shut down, scaled in or deleted.',
      NodeWithoutCilium: 'A kind of node on which Cilium does not run.',
      SecondLookDue: 'Everything held at the first look; a second one is due (`taints.confirmAfter`).',
      TaintCameBack: 'Somebody set the taint again right after it was removed.',
      TaintKeepsComingBack: 'Somebody sets it again and again: left alone until the node boots anew.',
      OperatorPending: "Cilium's operator cannot be scheduled because of the taint.",
      NativeRouting: 'Cilium does not tunnel: a Ready agent does not prove that Pods are reachable.',
      RoutingUnknown: '`cilium-config` could not be read.',
      CloudUnknown: "The node's cloud is not known.",
      NetworkUnknown: "The cluster's network could not be told from its objects.",
      NoRule: 'No rule names the taint in this network.',
      CceEni: 'CCE Turbo: Pods live on ENIs, and the taint tells the truth.',
      CceDataPlaneV2: "CCE's own DataPlane V2 takes care of its taints.",
      TkeNative: 'TKE native mode: Pods need addresses of ENIs, and the taint tells the truth.',
      TkeBuiltInCilium: "TKE's own Cilium takes care of its taints.",
    },
  },
  {
    title: 'Doctor',
    about: 'What `doctor` finds; [doctor.md](doctor.md) has each with an example and its mend.',
    reasons: {
      AsItShouldBe: 'The check passes.',
      NotApplicable: 'There is nothing to look at.',
      CheckBroke: 'The check itself broke: a defect of this program.',
      CloudNotAsked: 'The cloud was not asked; the message says why.',
      CloudDenied: 'The account may not ask that of the cloud; the message names the permission.',
      CloudFailed: 'The cloud gave no answer that can be used.',
      ...Object.fromEntries(
        [...CHECKS, ...POD_PROBE_CHECKS, ...PROBE_CHECKS].flatMap(({ reasons }) => Object.entries(reasons)),
      ),
    },
  },
];

/** Words of the same shape in `src` that are no reasons: kinds, types, conditions, names of other programs. */
export const NO_REASONS: readonly string[] = [
  'AlreadyExists',
  'CiliumLoadBalancerIPPools',
  'CiliumPodIPPools',
  'ClientIP',
  'ClusterIP',
  'DaemonSet',
  'DaemonSets',
  'DeleteOptions',
  'DoesNotExist',
  'ExecCredential',
  'ExternalIP',
  'ExternalName',
  'GatewayClasses',
  'IfNotPresent',
  'InternalIP',
  'KubeError',
  'LineTooLong',
  'LoadBalancer',
  'MetalLB',
  'NoSchedule',
  'NodePort',
  'NotAllowedByListeners',
  'NotIn',
  'NotSentError',
  'PodScheduled',
  'PreferNoSchedule',
  'RefNotPermitted',
  'ResolvedRefs',
  'RuntimeDefault',
  'SelfSubjectAccessReview',
  'SharedIngress',
  'UsageError',
];
