import * as z from 'zod';
import type { Environment } from '../lib/environment.ts';
import { UsageError, type UsageProblem } from '../lib/errors.ts';
import { suggest } from '../lib/suggest.ts';
import { allKeyPaths, schemaAt, shapeOf } from './walk.ts';
import { parseYaml } from './yaml.ts';

const PREFIX = 'CCB_';

/** Variables of flags that are no keys of the configuration, with the flag. */
export const FLAG_VARIABLES = { CCB_CONFIG: 'config', CCB_CONTEXT: 'context' } as const;

/** What people write, and the variable that everybody else uses for it. */
const USUAL_NAMES: Readonly<Record<string, string>> = { CCB_KUBECONFIG: 'KUBECONFIG', CCB_ADOPT: 'CCB_GATEWAY_ADOPT' };

/**
 * What the kubelet says of each Service of the namespace: one named `ccb-web`, as managed entrypoints are, gives
 * `CCB_WEB_SERVICE_HOST` and `CCB_WEB_PORT=tcp://…`.
 */
const SERVICE_LINK = /_SERVICE_(?:HOST|PORT(?:_[A-Z0-9_]+)?)$|_PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?$/;
const SERVICE_URL = /^(?:tcp|udp|sctp):\/\//;

/** The variable of a key: `gateway.managed.allowNodePorts` is `CCB_GATEWAY_MANAGED_ALLOW_NODE_PORTS`. */
export function variableOf(path: readonly string[]): string {
  return `${PREFIX}${path.map((key) => key.replaceAll(/[A-Z]/g, '_$&').toUpperCase()).join('_')}`;
}

/** The keys that hold values, as opposed to further keys; each has a variable. */
export function valuePaths(): readonly (readonly string[])[] {
  return allKeyPaths().filter((path) => shapeOf(schemaAt(path)).size === 0);
}

/** One variable that says a key. */
export interface SaidByVariable {
  readonly variable: string;
  readonly path: readonly string[];
  /** As the file would hold it; not validated. */
  readonly value: unknown;
}

export interface EnvironmentRead {
  readonly said: readonly SaidByVariable[];
  readonly problems: readonly UsageProblem[];
}

/** Takes our variables out of the environment. An empty one counts as absent. Never throws. */
export function readEnvironment(env: Environment): EnvironmentRead {
  const paths = new Map(valuePaths().map((path) => [variableOf(path), path]));
  const said: SaidByVariable[] = [];
  const problems: UsageProblem[] = [];
  for (const [variable, raw = ''] of Object.entries(env).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const text = raw.trim();
    const path = paths.get(variable);
    if (!variable.toUpperCase().startsWith(PREFIX) || text === '' || Object.hasOwn(FLAG_VARIABLES, variable)) continue;
    if (SERVICE_LINK.test(variable) || (variable.endsWith('_PORT') && SERVICE_URL.test(text))) continue;
    if (path === undefined) {
      problems.push({ at: variable, what: 'no such variable', fix: explainUnknown(variable, [...paths.keys()]) });
      continue;
    }
    try {
      said.push({ variable, path, value: understand(text, variable, schemaAt(path)) });
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      problems.push(...error.problems.map(({ at, what, fix }) => ({ at: [variable, at].join(' ').trim(), what, fix })));
    }
  }
  return { said, problems };
}

function explainUnknown(variable: string, known: readonly string[]): string {
  const wanted = variable.toUpperCase();
  const usual = USUAL_NAMES[wanted];
  if (usual !== undefined) return `Did you mean ${usual}?`;
  const bare = (name: string): string => name.slice(PREFIX.length);
  const all = [...known, ...Object.keys(FLAG_VARIABLES)];
  const near = suggest(bare(wanted), all.map(bare));
  const elsewhere = all.filter((name) => name.endsWith(`_${bare(wanted)}`));
  const meant = near === undefined ? (elsewhere.length === 1 ? elsewhere[0] : undefined) : `${PREFIX}${near}`;
  return meant === undefined ? 'Unset it; docs/configuration.md names all of them.' : `Did you mean ${meant}?`;
}

/** The text of a variable as the value that the file would hold. What does not fit stays a text: the schema says why. */
function understand(text: string, variable: string, schema: z.core.$ZodType): unknown {
  if (schema instanceof z.ZodBoolean) return text === 'true' || text === 'false' ? text === 'true' : text;
  if (schema instanceof z.ZodNumber) return /^-?\d{1,15}$/.test(text) ? Number(text) : text;
  if (schema instanceof z.ZodRecord) return parseYaml(text, variable).value;
  if (schema instanceof z.ZodArray) return listOf(text, variable);
  if (schema instanceof z.ZodUnion) return isWordOf(schema, text) ? text : listOf(text, variable);
  return text;
}

/** `a, b`, or as the file has it: `[a, b]`. */
function listOf(text: string, variable: string): unknown {
  if (text.startsWith('[')) return parseYaml(text, variable).value;
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/** Whether the text is one of the words that a union takes besides a list, or looks like a mistyped one. */
function isWordOf(union: z.ZodUnion, text: string): boolean {
  const words = union.options.flatMap((option) => (option instanceof z.ZodEnum ? option.options.map(String) : []));
  return words.includes(text) || suggest(text, words) !== undefined;
}
