import * as z from 'zod';
import { parseCidr } from '../lib/cidr.ts';
import type { AdoptChoice, CloudConfig, Config, LeaseConfig, TaintsConfig } from './config.types.ts';
import { LONGEST_DURATION_MS, parseDuration } from './durations.ts';
import {
  ADOPT_PAIR,
  ANNOTATION_PATTERN,
  addressProblem,
  DNS_LABEL,
  DNS_SUBDOMAIN,
  findContradictions,
  LABEL_VALUE,
  LISTEN_ADDRESS,
  NAMESPACED_NAME,
  parseAdoptPair,
  parseListenAddress,
  QUALIFIED_NAME,
} from './names.ts';
import { findForbiddenRules, parseTaintRule, TAINT_RULE } from './taint-rules.ts';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const;

/** Of a name with its namespace or prefix: no Kubernetes name is longer. */
const LONGEST_TEXT = 253;

/**
 * The texts that the schema checks by pattern: what a wrong one is not, and how to write it. A pattern's error
 * message is its key in this table.
 */
export const TEXT_RULES = {
  namespace: {
    pattern: DNS_LABEL,
    what: 'no name of a namespace',
    fix: 'Use lower-case letters, digits and "-", at most 63 characters.',
  },
  namespaceOrAll: {
    pattern: new RegExp(`${DNS_LABEL.source}|^\\*$`),
    what: 'no name of a namespace',
    fix: 'Name a namespace, or write "*" (with quotes) for all of them.',
  },
  objectName: {
    pattern: DNS_SUBDOMAIN,
    what: 'no name of an object',
    fix: 'Use lower-case letters, digits, "-" and ".".',
  },
  gatewayName: {
    pattern: NAMESPACED_NAME,
    what: 'no Gateway',
    fix: 'Write it as namespace/name, such as default/web.',
  },
  adoptPair: {
    pattern: ADOPT_PAIR,
    what: 'no pair of entrypoint and Gateway',
    fix: 'Write it as namespace/service=namespace/gateway, such as kube-system/entry=default/web.',
  },
  annotationPattern: {
    pattern: ANNOTATION_PATTERN,
    what: 'no annotation key',
    fix: 'Write a key such as kubernetes.io/elb.class; a "*" may stand at the end.',
  },
  qualifiedName: {
    pattern: QUALIFIED_NAME,
    what: 'no key that Kubernetes accepts',
    fix: 'Write it as name or prefix/name, such as kubernetes.io/elb.id.',
  },
  labelValue: {
    pattern: LABEL_VALUE,
    what: 'no label value',
    fix: 'Use letters, digits, "-", "_" and ".", at most 63 characters.',
  },
  taintRule: {
    pattern: TAINT_RULE,
    what: 'no taint',
    fix: 'Write it as key[=value][:Effect], such as node.kubernetes.io/route-unreachable:NoSchedule.',
  },
  loadBalancerId: {
    pattern: /^[A-Za-z0-9][-A-Za-z0-9]{0,63}$/,
    what: 'no id of a load balancer',
    fix: 'Write the id as the cloud shows it: a UUID (ELB) or lb-… (CLB).',
  },
  region: {
    pattern: /^[a-z]{2,20}(?:-[a-z0-9]{1,20}){1,4}$/,
    what: 'no region',
    fix: 'Write it as the cloud does, such as cn-north-4 (Huawei Cloud) or ap-guangzhou (Tencent Cloud).',
  },
  cloudId: {
    pattern: /^[A-Za-z0-9][-_A-Za-z0-9]{0,63}$/,
    what: 'no id',
    fix: 'Write the id as the cloud shows it, without blanks.',
  },
  cidr: {
    pattern: /^(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}\/[0-9]{1,2}|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*\/[0-9]{1,3})$/,
    what: 'no CIDR',
    fix: 'Write it as address/length, such as 10.0.0.0/8.',
  },
  hostSuffix: {
    pattern: DNS_SUBDOMAIN,
    what: 'no suffix of host names',
    fix: 'Write it without a service and a dot in front, such as internal.tencentcloudapi.com or myhuaweicloud.eu.',
  },
  cloudService: {
    pattern: /^[a-z]{2,20}$/,
    what: 'no name of a cloud service',
    fix: 'Write it in lower case, such as elb, clb, vpc, cce, tke, iam or sts.',
  },
  endpoint: {
    pattern: /^(?:https:\/\/[-.:a-zA-Z0-9[\]]+|http:\/\/(?:localhost|127\.[.0-9]+|\[::1\])(?::[0-9]+)?)\/?$/,
    what: 'no endpoint',
    fix: 'Write it as https://host or https://host:port, without a path; http is allowed for 127.0.0.1 only.',
  },
  listenAddress: {
    pattern: LISTEN_ADDRESS,
    what: 'no address to listen on',
    fix: 'Write it as :port, address:port such as 127.0.0.1:9976 or [::1]:9976, or none; a port is at most 65535.',
  },
  folder: {
    pattern: /^\/.*$/,
    what: 'no folder',
    fix: 'Write its whole path, such as /etc/cloud-credentials.',
  },
} as const satisfies Record<string, { readonly pattern: RegExp; readonly what: string; readonly fix: string }>;

function text(rule: keyof typeof TEXT_RULES): z.ZodString {
  return z.string().max(LONGEST_TEXT, rule).regex(TEXT_RULES[rule].pattern, rule);
}

/** A duration such as `10m`; milliseconds once parsed. */
function duration(atLeastMs: number): z.ZodType<number, string> {
  return z
    .string()
    .meta({
      description: 'A duration such as 30s, 10m or 1h30m.',
      examples: ['30s', '10m', '1h30m'],
      minLength: 1,
      pattern: '^(?:0|(?:[0-9]{1,6}h)?(?:[0-9]{1,8}m)?(?:[0-9]{1,9}s)?(?:[0-9]{1,12}ms)?)$', // as parseDuration has it
    })
    .transform((value, context) => {
      const ms = parseDuration(value);
      if (ms === undefined || ms < atLeastMs || ms > LONGEST_DURATION_MS) {
        context.issues.push({ code: 'custom', input: value, params: { rule: 'duration', atLeastMs } });
        return z.NEVER;
      }
      return ms;
    });
}

const address = z.string().superRefine((value, context) => {
  const what = addressProblem(value);
  if (what !== undefined) {
    const fix = "Write the load balancer's IP address, or the host name of a domain CLB.";
    context.addIssue({ code: 'custom', input: value, params: { what, fix } });
  }
});

const adopt = z
  .union([z.enum(['annotated', 'auto']), z.array(text('adoptPair'))])
  .superRefine((value, context) => {
    for (const { index, ...params } of findContradictions(Array.isArray(value) ? value : [])) {
      context.addIssue({ code: 'custom', path: [index], input: value, params });
    }
  })
  .describe('Which Services without our annotation may be taken as entrypoints.');

/** The two keys that are checked together. */
const consent = z.object({ enabled: z.boolean(), allowedNamespaces: z.array(z.string()) });

const managed = z
  .strictObject({
    enabled: z.boolean().default(false).describe('Whether a Gateway may ask for a managed entrypoint.'),
    allowedNamespaces: z
      .array(text('namespaceOrAll'))
      .default([])
      .describe('Namespaces whose Gateways may ask for one; "*" stands for all.'),
    allowedAnnotations: z
      .array(text('annotationPattern'))
      .default([])
      .describe('Annotation keys that a Gateway author may set; a trailing "*" matches a prefix.'),
    allowedLoadBalancerIds: z
      .array(text('loadBalancerId'))
      .default([])
      .describe('Ids of load balancers that a Gateway author may name.'),
    allowNodePorts: z.boolean().default(false).describe('Whether a Gateway author may fix the nodePorts.'),
    annotations: z
      .record(text('qualifiedName'), z.string())
      .default({})
      .describe('Annotations of every managed entrypoint.'),
    selector: z
      .record(text('qualifiedName'), text('labelValue'))
      .refine((value) => Object.keys(value).length > 0, {
        params: {
          what: 'selects nothing',
          fix: 'Name the label of the Pods that run Envoy, such as k8s-app: cilium, or remove the key for that default.',
        },
      })
      .default({ 'k8s-app': 'cilium' })
      .meta({ minProperties: 1, description: 'Selector of every managed entrypoint.' }),
    removeAfter: duration(1000)
      .prefault('10m')
      .describe('How long a Gateway must be gone before its managed entrypoint is deleted.'),
    maxRemovalsPerPass: z.int().min(0).max(1000).default(1).describe('Most managed entrypoints deleted in one pass.'),
  })
  .refine((value) => !value.enabled || value.allowedNamespaces.length > 0, {
    path: ['allowedNamespaces'],
    // Checked even when other keys are wrong, so that all errors are told at once.
    when: ({ value }) => consent.safeParse(value).success,
    params: {
      what: 'managed entrypoints are enabled, but no namespace may ask for one',
      fix: 'Set allowedNamespaces: [my-namespace], or ["*"] for all.',
    },
  });

const gateway = z.strictObject({
  adopt: adopt.default('annotated'),
  exposure: z
    .enum(['auto', 'redirect', 'node-port', 'pod-ip', 'host-network'])
    .default('auto')
    .describe('How traffic reaches Envoy where no annotation says so.'),
  publish: z
    .enum(['all', 'public', 'private'])
    .default('all')
    .describe("Which of an entrypoint's addresses are published."),
  entrypointNamespaces: z
    .array(text('namespace'))
    .default([])
    .describe("Namespaces, besides Cilium's and the Gateway's own, in which an entrypoint counts."),
  addresses: z
    .record(text('gatewayName'), z.array(address).min(1))
    .default({})
    .describe('Addresses used where no entrypoint gives one, by namespace/name of the Gateway.'),
  pinNodePorts: z.boolean().default(false).describe('Give a recreated Gateway its old nodePort where it is free.'),
  loadBalancerClass: text('qualifiedName')
    .refine((value) => !value.startsWith('io.cilium/'), {
      params: {
        what: 'is a class that Cilium serves itself',
        fix: 'Choose a class that no other controller serves, or remove the key for the default.',
      },
    })
    .default('cilium-cloud-bridge.io/entrypoint')
    .describe('The class of Gateway Services that nobody but this program serves.'),
  managed: managed.prefault({}),
});

const taints = z.strictObject({
  enabled: z.boolean().default(true).describe('Remove taints that are obsolete under Cilium from nodes.'),
  rules: z
    .array(text('taintRule'))
    .superRefine((value, context) => {
      for (const { index, ...params } of findForbiddenRules(value)) {
        context.addIssue({ code: 'custom', path: [index], input: value, params });
      }
    })
    .optional()
    .describe("The taints, as key[=value][:Effect]; those of the node's cloud and network when absent."),
  network: z
    .enum([
      'auto',
      'cce-vpc-router',
      'cce-overlay',
      'cce-eni',
      'cce-dataplane-v2',
      'tke-overlay',
      'tke-native',
      'tke-built-in',
    ])
    .default('auto')
    .describe("The cluster's network, where its objects don't tell it."),
  routesHandled: z
    .boolean()
    .default(false)
    .describe("Pods on other nodes are reached without Cilium's tunnel: routes are taken care of."),
  grace: duration(0).prefault('30s').describe('A node is left alone for so long after it became Ready.'),
  confirmAfter: duration(0).prefault('5s').describe('Everything must hold for so long, from a first look to a second.'),
  maxPercent: z
    .int()
    .min(0)
    .max(100)
    .default(20)
    .describe('At most this share of all nodes within any 60 s, or maxNodes where that is more.'),
  maxNodes: z.int().min(0).max(100_000).default(10).describe('At least so many nodes may be freed within any 60 s.'),
  removalsPerBoot: z
    .int()
    .min(1)
    .max(100)
    .default(3)
    .describe('Removals of one taint from one node within one boot, after which we stop and name who adds it again.'),
  bootstrap: z
    .boolean()
    .default(true)
    .describe('Free one node after the other while the Cilium operator cannot be scheduled for the taint.'),
  bootstrapInterval: duration(1000).prefault('15s').describe('Time for the scheduler before the next node is freed.'),
});

const cloud = z.strictObject({
  provider: z
    .enum(['auto', 'huawei', 'tencent', 'none'])
    .default('auto')
    .describe('The cloud that is asked, read only; auto: as the nodes tell. Without credentials it is not asked.'),
  region: text('region').optional().describe('As the nodes and ConfigMaps of the cluster tell when absent.'),
  projectId: text('cloudId')
    .optional()
    .describe('Huawei Cloud: the project of the region; HUAWEICLOUD_SDK_PROJECT_ID when absent. Never looked up.'),
  clusterId: text('cloudId').optional().describe('Id of the CCE or TKE cluster, for the checks that need it.'),
  vpcId: text('cloudId').optional().describe("Id of the cluster's VPC, for the checks that need it."),
  nonMasqueradeCidrs: z
    .array(text('cidr').refine((value) => parseCidr(value) !== undefined, { params: TEXT_RULES.cidr }))
    .default([])
    .describe(
      'Ranges that Pods must reach with their own addresses, besides those of the VPC: for the checks of masquerading.',
    ),
  endpointSuffix: text('hostSuffix')
    .optional()
    .describe("Ending of the services' host names, for private and international endpoints."),
  endpoints: z
    .record(text('cloudService'), text('endpoint'))
    .default({})
    .describe('Endpoints of single services, such as elb: https://10.0.0.5.'),
  credentials: z
    .strictObject({
      directory: text('folder')
        .default('/etc/cilium-cloud-bridge/credentials')
        .describe('Folder of a mounted Secret whose keys are named as the environment variables.'),
      instanceRole: z
        .boolean()
        .default(false)
        .describe("Whether the server's own role may be used, by the metadata service, where nothing else is given."),
    })
    .prefault({}),
  limits: z
    .strictObject({
      requestsPerSecond: z.int().min(1).max(20).default(5).describe('Most requests to one service a second.'),
      concurrentRequests: z.int().min(1).max(20).default(4).describe('Most requests to one service at a time.'),
      timeout: duration(1000).prefault('10s').describe('Time-out of one request.'),
    })
    .prefault({}),
});

/** Some of the tries come so many periods after the last one, as in client-go. */
const JITTER = 1.2;

/** The three keys that are checked together. */
const leaseTimes = z.object({ duration: z.number(), renewDeadline: z.number(), retryPeriod: z.number() });
const areLeaseTimes = ({ value }: { readonly value: unknown }): boolean => leaseTimes.safeParse(value).success;

/** As client-go checks them, and no duration that a Lease cannot hold. */
const lease = z
  .strictObject({
    namespace: text('namespace').default('kube-system').describe('Where the Lease of the controllers is.'),
    name: text('objectName').default('cilium-cloud-bridge').describe('Its name.'),
    duration: duration(1000)
      .refine((ms) => ms % 1000 === 0, {
        params: { what: 'is not in whole seconds, as a Lease counts', fix: 'Write whole seconds, such as 15s.' },
      })
      .prefault('15s')
      .describe('Another controller takes over when the leader has not renewed for so long.'),
    renewDeadline: duration(100)
      .prefault('10s')
      .describe('The leader stops writing when it could not renew for so long. Less than duration.'),
    retryPeriod: duration(50).prefault('2s').describe('How often the leader renews, and others look.'),
  })
  .refine(({ duration, renewDeadline }) => duration > renewDeadline, {
    path: ['renewDeadline'],
    when: areLeaseTimes,
    params: {
      what: 'is not less than duration: two could lead at a time',
      fix: 'Write two thirds of duration, such as 10s with a duration of 15s.',
    },
  })
  .refine(({ renewDeadline, retryPeriod }) => renewDeadline > JITTER * retryPeriod, {
    path: ['retryPeriod'],
    when: areLeaseTimes,
    params: {
      what: 'leaves no time for a second try before renewDeadline',
      fix: 'Write less than renewDeadline / 1.2, such as 2s with a renewDeadline of 10s.',
    },
  });

/** The configuration file as users write it. The only place where keys, defaults and limits are said. */
export const configSchema = z.strictObject({
  readOnly: z.boolean().default(false).describe('Look and report, never write.'),
  cilium: z
    .strictObject({
      namespace: text('namespace').optional().describe("Cilium's namespace; found by its agents when absent."),
    })
    .prefault({}),
  gateway: gateway.prefault({}),
  taints: taints.prefault({}),
  cloud: cloud.prefault({}),
  holdOff: z
    .strictObject({
      reverts: z.int().min(1).max(100).default(3).describe('Reverts of our value after which we stop writing it.'),
      window: duration(1000).prefault('10m').describe('Time within which the reverts are counted.'),
      duration: duration(1000).prefault('30m').describe('How long we stop.'),
    })
    .prefault({}),
  checks: z
    .strictObject({
      enabled: z.boolean().default(true).describe("Whether the controller runs doctor's checks now and then."),
      interval: duration(60_000)
        .prefault('10m')
        .describe(
          'How often; what is new is looked at again after a minute. In a cluster so large that a look takes more than 50 requests, less often: five requests a minute, and at least once an hour.',
        ),
    })
    .prefault({}),
  lease: lease.prefault({}),
  listen: text('listenAddress')
    .default(':9976')
    .describe('Where the controller serves /healthz, /readyz and /metrics: :port, address:port, or none.'),
  resync: duration(1000).prefault('10m').describe('A full pass at least so often, as a safety net.'),
  logLevel: z.enum(LOG_LEVELS).default('info'),
});

/** The file's content with defaults, durations in milliseconds. */
export type ConfigFile = z.output<typeof configSchema>;

/** The file's words turned into the program's. */
export function toConfig(file: ConfigFile): Config {
  const { gateway, holdOff } = file;
  const { removeAfter, ...managed } = gateway.managed;
  return {
    readOnly: file.readOnly,
    cilium: { namespace: file.cilium.namespace },
    gateway: { ...gateway, adopt: toAdoptChoice(gateway.adopt), managed: { ...managed, removeAfterMs: removeAfter } },
    taints: toTaintsConfig(file.taints),
    cloud: toCloudConfig(file.cloud),
    holdOff: { reverts: holdOff.reverts, windowMs: holdOff.window, durationMs: holdOff.duration },
    checks: { enabled: file.checks.enabled, intervalMs: file.checks.interval },
    lease: toLeaseConfig(file.lease),
    listen: parseListenAddress(file.listen),
    resyncMs: file.resync,
    logLevel: file.logLevel,
  };
}

function toLeaseConfig({ duration, renewDeadline, retryPeriod, ...where }: ConfigFile['lease']): LeaseConfig {
  return { ...where, durationMs: duration, renewDeadlineMs: renewDeadline, retryPeriodMs: retryPeriod };
}

function toTaintsConfig(file: ConfigFile['taints']): TaintsConfig {
  const { grace, confirmAfter, bootstrapInterval, rules, ...taints } = file;
  return {
    ...taints,
    rules: rules?.flatMap((rule) => parseTaintRule(rule) ?? []),
    graceMs: grace,
    confirmAfterMs: confirmAfter,
    bootstrapIntervalMs: bootstrapInterval,
  };
}

function toCloudConfig({ endpointSuffix = '', limits, ...file }: ConfigFile['cloud']): CloudConfig {
  const { timeout, ...counts } = limits;
  const { region, projectId, clusterId, vpcId } = file;
  return { ...file, region, projectId, clusterId, vpcId, endpointSuffix, limits: { ...counts, timeoutMs: timeout } };
}

/** `annotated`, `auto`, or a list of pairs that were checked already. */
export function toAdoptChoice(value: 'annotated' | 'auto' | readonly string[]): AdoptChoice {
  if (typeof value === 'string') {
    return { mode: value };
  }
  return { mode: 'list', pairs: value.flatMap((pair) => parseAdoptPair(pair) ?? []) };
}

/** JSON Schema of the configuration file, for editors and for the chart's values. */
export function configJsonSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(configSchema, { io: 'input' }) };
}
