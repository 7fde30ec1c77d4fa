import { readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import { asRecord, at } from '../../src/kube/read.ts';
import { table } from './tables.ts';

const CHART = new URL('../../deploy/chart/', import.meta.url);

/** One value of the chart, as its comment tells. */
interface Value {
  /** `image.tag` */
  readonly key: string;
  readonly fallback: unknown;
  readonly meaning: string;
}

/** `deploy/chart/README.md`: each value with its `# --` comment, as helm-docs has it. */
export function chartReadme(): string {
  const chart = asRecord(load(readFileSync(new URL('Chart.yaml', CHART), 'utf8')));
  const rows = describedValues(readFileSync(new URL('values.yaml', CHART), 'utf8')).map(
    ({ key, fallback, meaning }) => [`\`${key}\``, `\`${JSON.stringify(fallback)}\``, meaning],
  );
  return `${[
    `# ${String(chart.name)}`,
    'Made from `Chart.yaml` and the comments of `values.yaml` by `npm run generate`. Do not edit.',
    `${String(chart.description)}. Kubernetes \`${String(chart.kubeVersion)}\`.`,
    [
      '```sh',
      'helm install cilium-cloud-bridge deploy/chart -n cilium-cloud-bridge --create-namespace \\',
      '  --set image.repository=registry.example.com/cilium-cloud-bridge',
      '```',
    ].join('\n'),
    'Values for common clusters are in `ci/`: CCE, TKE as overlay, TKE native, high availability, minimal, OIDC.',
    '## Values',
    table(['value', 'default', 'meaning'], rows),
    `The keys of \`config\` are in \`docs/configuration.md\`. \`values.schema.json\` is made from the schema that the program parses it with, so Helm refuses unknown keys and wrong values; durations and contradictions are refused by the program when it starts.`,
    [
      '## What is granted',
      'RBAC follows from the configuration: no right to Secrets, no wildcard, the Lease and each ConfigMap by name. `readOnly`',
      'takes every right to write away but those to the Lease and to Events; `taints.enabled: false` those to watch and patch',
      "Nodes; `gateway.managed.enabled` adds creating and deleting Services in Cilium's namespace; `doctor.enabled` adds reads.",
      'Where the cluster serves ValidatingAdmissionPolicy, policies hold the ServiceAccount to what the program writes.',
    ].join('\n'),
    [
      '## Metrics',
      '`podMonitor.enabled` or `serviceMonitor.enabled` has a Prometheus Operator scrape every Pod, `prometheusRule.enabled` brings the',
      "alerts, `dashboard.enabled` a dashboard for Grafana's sidecar: `docs/metrics.md`. The port serves plain HTTP and no secret.",
    ].join('\n'),
    [
      '## Removing it',
      '`helm uninstall` first runs a Job that removes the redirect copies while the controllers stand by (`uninstallHook.enabled`);',
      'without them an entrypoint falls back to its targetPort. Gateways stay Programmed. What else stays, and how to take it',
      'back, `cilium-cloud-bridge --uninstall-report` says; GatewayClass and CiliumGatewayClassConfig are kept by Helm.',
      'More in `docs/migrate.md`.',
    ].join('\n'),
  ].join('\n\n')}\n`;
}

/** Every value that has a `# --` comment; a comment belongs to the key in the line below it. */
export function describedValues(text: string): readonly Value[] {
  const values: unknown = load(text);
  const path: { readonly indent: number; readonly key: string }[] = [];
  const found: Value[] = [];
  let meaning: string | undefined;
  for (const line of text.split('\n')) {
    const comment = /^\s*# -- (.+)$/.exec(line);
    const entry = /^(\s*)([A-Za-z]\w*):/.exec(line);
    if (comment !== null) meaning = comment[1];
    if (entry === null) continue;
    const [, blanks = '', key = ''] = entry;
    while ((path.at(-1)?.indent ?? -1) >= blanks.length) path.pop();
    path.push({ indent: blanks.length, key });
    const keys = path.map((step) => step.key);
    if (meaning !== undefined) found.push({ key: keys.join('.'), fallback: at(values, ...keys), meaning });
    meaning = undefined;
  }
  return found;
}
