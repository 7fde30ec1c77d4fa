import { CHECKS } from '../../src/checks/all.ts';
import type { Check, DocPages, Section } from '../../src/checks/check.types.ts';
import { POD_PROBE_CHECKS } from '../../src/checks/pod-probe/all.ts';
import { PROBE_CHECKS } from '../../src/checks/probe/all.ts';
import { runChecks } from '../../src/checks/run.ts';
import { edited } from '../../test/checks/cluster-data.ts';
import { loadScenarios } from '../../test/checks/load-scenarios.ts';
import { REFERENCES } from '../../test/checks/reference/all.ts';
import type { Scenario } from '../../test/checks/scenario.types.ts';
import { worldOf } from '../../test/checks/world-of.ts';
import { connectivitySection } from './connectivity-test.ts';
import { GENERATED, table } from './tables.ts';

const SECTIONS: Readonly<Record<Section, string>> = {
  cluster: 'The cluster and Cilium',
  'way-in': 'The way in',
  'way-out': 'The way out',
  probe: 'Probes',
};

const INTRO = `\`doctor\` changes nothing. It walks the way of a packet, from a client to a Pod and back out, on Kubernetes and on the
cloud, and names the first broken link with what proves it and how to mend it.

\`\`\`sh
cilium-cloud-bridge doctor
\`\`\`

The checks run in the order of this page. A check that fails because an earlier one does says \`follows from <id>\`. \`--only\` and
\`--skip\` take ids, separated by commas. Each check comes to one of these:

| verdict | meaning | exit code |
| --- | --- | --- |
| \`pass\` | it is as it should be | 0 |
| \`warn\` | it works, and something about it is wrong or will be | 0 |
| \`fail\` | it is broken | 2 |
| \`unknown\` | it could not be read; the report says what, and which right is missing | 0 |
| \`not-applicable\` | there is nothing to look at, and why | 0 |

Every example below is what doctor says of a healthy cluster that was broken in this one way, in this project's own tests.`;

const PROBES = `Only when asked for. \`--probe\` connects from where doctor runs, without a proxy, to each published address and to the
entrypoint's and the Gateway's own NodePort of each node: \`GET /\` with a hostname of the listener, a TLS handshake whose
certificate is not verified, or TCP alone; any HTTP status counts as answered. It makes 20 connections to each, 50 a second and
for 30 s at most (\`--probe-count\`, \`--probe-rate\`, \`--probe-time\`), in turn, so that each node has its share when the time
is up; Ctrl-C ends it at once. The refused share stands beside what the exposure predicts, within what chance explains.
A connection that this machine itself could not begin (no port or descriptor left, not allowed) counts for and against nobody;
\`probe-ran\` tells how many.

\`--probe-pods\` says what it will make, asks (\`--yes\`: does not; without a terminal it refuses), and makes one short-lived Pod a
node, on ten nodes at most (\`--probe-nodes\`): not root, no privilege, no token, nothing writable. It ends by itself after 90 s and
is always removed, also after Ctrl-C; what a run that was killed left behind is removed by the next. Nothing is created where it
could not be removed. The addresses that Pods connect to without DNS are resolved where doctor runs, when it runs
(\`--probe-targets\`). Where nodes cannot pull the image, name a mirror with \`--probe-image\`, or take the image of Cilium's agent
with \`--probe-image agent\`.`;

/** `docs/doctor.md`, made by running every scenario. */
export async function doctorPage(): Promise<string> {
  const scenarios = await loadScenarios();
  const parts = await Promise.all(
    Object.entries(SECTIONS).map(async ([section, title]) => {
      const checks = CHECKS.filter((check) => check.section === section);
      const rows = await Promise.all(checks.map((check) => rowsOf(check, scenarios.get(check.id) ?? [])));
      const head = ['check', 'looks at', 'what people meet', 'what doctor says', 'mend'];
      return checks.length === 0 ? [] : [`## ${title}`, table(head, rows.flat())];
    }),
  );
  return `${['# Doctor', GENERATED, INTRO, ...parts.flat(), ...probeSection(), ...(await connectivitySection())].join('\n\n')}\n`;
}

/** What is measured only when somebody asks for it: no scenario of objects can show it. */
function probeSection(): string[] {
  const rows = [...POD_PROBE_CHECKS, ...PROBE_CHECKS].map(({ id, docs, title, looksAt, reasons }) => [
    `${linked(id, docs)}<br>${title}`,
    looksAt,
    Object.entries(reasons)
      .map(([reason, meaning]) => `\`${reason}\`: ${escaped(meaning)}`)
      .join('<br>'),
  ]);
  return [`## ${SECTIONS.probe}`, PROBES, table(['check', 'looks at', 'what doctor says'], rows)];
}

/** The id with the page that explains it; where each cloud has its own, both. */
function linked(id: string, docs: DocPages): string {
  return typeof docs === 'string'
    ? `[\`${id}\`](${docs})`
    : `\`${id}\` ([CCE](${docs.huawei}), [TKE](${docs.tencent}))`;
}

async function rowsOf(check: Check, scenarios: readonly Scenario[]): Promise<string[][]> {
  return await Promise.all(
    scenarios.map(async (scenario, index) => {
      const { reference, given = [], broken, reason } = scenario;
      const world = await worldOf(edited(REFERENCES[reference], [...given, ...broken]));
      const findings = runChecks([check], world).outcomes.flatMap((outcome) => outcome.findings);
      const found = findings.find((finding) => finding.reason === reason);
      if (found === undefined) throw new Error(`${check.id} does not say ${reason} of its scenario`);
      return [
        index === 0 ? `${linked(check.id, check.docs)}<br>${check.title}` : '',
        index === 0 ? check.looksAt : '',
        scenario.symptom,
        `**${found.verdict}** \`${found.reason}\`<br>${escaped(found.message)}`,
        escaped(found.fix),
      ];
    }),
  );
}

/** `<name>` is no tag. */
function escaped(text: string): string {
  return text.replaceAll('<', '&lt;');
}
