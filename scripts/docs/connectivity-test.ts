import { LINE_CASES, linesOf } from '../../test/checks/connectivity/lines.ts';
import { table } from './tables.ts';

const INTRO = `## The line for cilium connectivity test

Doctor ends with one line to paste: \`cilium connectivity test\` with the flags that this cluster needs, each with its reason. Public
addresses in it are looked up while doctor runs, only where the cluster is in the Chinese mainland, from the machine that
doctor runs on (never with \`--from\`). In \`-o json\` it is \`connectivityTest\`.`;

/** What each kind of cluster adds to the line, from the cases of its tests. */
export async function connectivitySection(): Promise<string[]> {
  const rows = await Promise.all(
    LINE_CASES.map(async (one) => {
      const { parts } = (await linesOf(one)).line;
      return one.has.map((text, index) => [
        index === 0 ? one.name : '',
        `\`${text}\``,
        parts.find((part) => part.text === text)?.reason ?? '',
      ]);
    }),
  );
  return [INTRO, table(['cluster', 'in the line', 'because'], rows.flat())];
}
