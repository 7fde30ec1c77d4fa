import type { ActionTable } from '../../src/providers/cloud.types.ts';
import { ACTIONS as HUAWEI } from '../../src/providers/huawei/index.ts';
import { permissionsOf, policyOf } from '../../src/providers/policy.ts';
import { ACTIONS as TENCENT } from '../../src/providers/tencent/index.ts';
import { GENERATED, table } from './tables.ts';

/** `deploy/policies/huawei-iam.json`: a custom policy of IAM, for projects. */
export function huaweiPolicy(): string {
  return json(policyOf('huawei', permissionsOf(HUAWEI)));
}

/** `deploy/policies/tencent-cam.json`: a custom policy of CAM. */
export function tencentPolicy(): string {
  return json(policyOf('tencent', permissionsOf(TENCENT)));
}

/** `docs/cloud-permissions.md`. */
export function permissionsPage(): string {
  return `${[
    '# What the clouds are asked, and which permissions that takes',
    GENERATED,
    'All of it is read-only. Where one permission is missing, only what needs it is unknown; the log says so at the start, with the policy that allows what is missing, and so does `--preflight`. The policies are ready to be used: [huawei-iam.json](../deploy/policies/huawei-iam.json), [tencent-cam.json](../deploy/policies/tencent-cam.json).',
    '## Huawei Cloud',
    actionRows(HUAWEI),
    '## Tencent Cloud',
    actionRows(TENCENT),
  ].join('\n\n')}\n`;
}

function actionRows(actions: ActionTable): string {
  const rows = Object.values(actions)
    .flatMap(({ permissions, purpose }) => permissions.map((permission) => [permission, purpose] as const))
    .toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const purposes = new Map<string, string[]>();
  for (const [permission, purpose] of rows) purposes.set(permission, [...(purposes.get(permission) ?? []), purpose]);
  return table(
    ['permission', 'what it is for'],
    [...purposes].map(([permission, texts]) => [`\`${permission}\``, texts.join('; ')]),
  );
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
