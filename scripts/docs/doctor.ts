import { CHECKS } from '../../src/checks/all.ts';
import type { Check, Section } from '../../src/checks/check.types.ts';
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
  return `${['# Doctor', GENERATED, INTRO, ...parts.flat(), ...(await connectivitySection())].join('\n\n')}\n`;
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
        index === 0 ? `[\`${check.id}\`](${check.docs})<br>${check.title}` : '',
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
