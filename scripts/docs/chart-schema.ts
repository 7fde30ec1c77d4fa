import * as z from 'zod';
import { configSchema } from '../../src/config/schema.ts';

const text = z.string();
const toggle = z.boolean();
const texts = z.record(z.string(), z.string());
/** Handed on to Kubernetes as it is, which says what is wrong with it. */
const handedOn = z.record(z.string(), z.json());
const spread = z.enum(['DoNotSchedule', 'ScheduleAnyway']);

/** The chart's values. `config` is the very schema that the program parses its file with. */
const valuesSchema = z.strictObject({
  global: handedOn.optional().describe('Of a chart that has this one as a part.'),
  nameOverride: text,
  fullnameOverride: text,
  replicaCount: z.int().min(0).max(10),
  image: z.strictObject({
    repository: text.min(1),
    tag: text,
    digest: text.regex(/^(?:sha256:[0-9a-f]{64})?$/),
    pullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']),
  }),
  imagePullSecrets: z.array(z.strictObject({ name: text.min(1) })),
  config: configSchema,
  credentials: z.strictObject({
    existingSecret: text,
    oidc: z.strictObject({
      audience: text,
      expirationSeconds: z.int().min(600).max(86_400),
      huawei: z.strictObject({ idpId: text }),
      tencent: z.strictObject({ roleArn: text, providerId: text }),
    }),
  }),
  doctor: z.strictObject({ enabled: toggle }),
  rbac: z.strictObject({ create: toggle }),
  serviceAccount: z.strictObject({ create: toggle, name: text, annotations: texts }),
  admissionPolicies: z.strictObject({ enabled: z.enum(['auto', 'always', 'never']) }),
  gatewayClass: z.strictObject({ create: toggle, name: text.min(1) }),
  hostNetwork: toggle,
  dnsPolicy: z.enum(['', 'Default', 'ClusterFirst', 'ClusterFirstWithHostNet', 'None']),
  hostAliases: z.array(z.strictObject({ ip: text.min(1), hostnames: z.array(text.min(1)).min(1) })),
  kubernetesService: z.strictObject({ host: text, port: text.regex(/^\d{0,5}$/) }),
  networkPolicy: z.strictObject({
    enabled: toggle,
    flavor: z.enum(['kubernetes', 'cilium']),
    egressCIDRs: z.array(text.min(1)).min(1),
    egressPorts: z.array(z.int().min(1).max(65_535)).min(1),
  }),
  priorityClassName: text,
  tolerations: z.array(handedOn),
  nodeSelector: texts,
  affinity: handedOn,
  topologySpread: z.strictObject({ nodes: spread, zones: spread }),
  podDisruptionBudget: z.strictObject({ enabled: toggle, maxUnavailable: z.int().min(1) }),
  resources: handedOn,
  podAnnotations: texts,
  podLabels: texts,
  extraEnv: z.array(z.looseObject({ name: text.min(1) })),
});

/** `deploy/chart/values.schema.json`. */
export function chartSchema(): string {
  return `${JSON.stringify(z.toJSONSchema(valuesSchema, { io: 'input' }), null, 2)}\n`;
}
