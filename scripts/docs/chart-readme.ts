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
    `The keys of \`config\` are in \`docs/configuration.md\`. \`values.schema.json\` is made from the schema that the program parses it with, so Helm refuses unknown keys and wrong values; contradictions are refused by the program when it starts.`,
    [
      '## What is granted',
      'RBAC follows from the configuration: no right to Secrets, no wildcard, the Lease and each ConfigMap by name. `readOnly`',
      'takes every right to write away but those to the Lease and to Events; `taints.enabled: false` those to watch and patch',
      "Nodes; `gateway.managed.enabled` adds creating and deleting Services in Cilium's namespace; `doctor.enabled` adds reads.",
      'Where the cluster serves ValidatingAdmissionPolicy (Kubernetes 1.30), policies hold the ServiceAccount to what the program',
      'writes, and nobody else to anything. They follow from `config`, too: apply changes of it with `helm upgrade`.',
    ].join('\n'),
    [
      '## What a stolen token can do',
      'With the policies, somebody who has a token of this ServiceAccount cannot read Secrets, run Pods, act as somebody else,',
      'change a Service that is no entrypoint, redirect one, touch anything of a Node but the taints that the configuration',
      'names, or write what looks like the work of another program. Each of these is tried in a test on real API servers.',
      'What they still can do is what the program does, with other values:',
      '',
      "- Entrypoints: let their ports lead elsewhere on their Pods, which for Cilium's agents is any port of the nodes, and have",
      '  Envoy answer for them with routes, backends and addresses of their choice: a copy cannot be compared with its source,',
      '  which lies in another namespace. Whoever has the token can read and answer the traffic of your entrypoints, and',
      "  reach through Envoy what Envoy's node reaches.",
      '- Publish a wrong address on Services that Cilium made for Gateways and Ingresses; remove redirect copies.',
      '- Remove the named taints from any node, whatever its state.',
      '- Hold the Lease, so that no controller works, and write Events in its name.',
      '- With `gateway.pinNodePorts`: change the nodePorts of those Services. With `gateway.managed.enabled`: make, change and',
      "  delete managed entrypoints in Cilium's namespace, on the load balancers and with the annotations that are allowed.",
      '- Read what the program reads: Services, Gateways, Nodes, Events, and with the checks also Pods, routes and policies.',
      '',
      'The API server looks at the Services that it has in memory: a redirect of one that was made within the last moment may',
      'pass. The leader removes each copy that it does not want, and the garbage collector each whose Service is not there.',
      '',
      'For each copy that the program writes, the API server looks at all Services of its namespace, so the write takes longer the more there are. A',
      'webhook that adds annotations, labels or finalizers to what this ServiceAccount writes makes the policies deny it: let it',
      'leave this ServiceAccount alone, or for annotations of managed entrypoints add the key to `gateway.managed.allowedAnnotations`.',
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
