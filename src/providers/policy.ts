import type { ActionTable } from './cloud.types.ts';
import type { CloudName } from './provider.types.ts';

/** The permissions of these actions, each once, sorted. An action that the table does not know has none. */
export function permissionsOf(actions: ActionTable, names: readonly string[] = Object.keys(actions)): string[] {
  return [...new Set(names.flatMap((name) => actions[name]?.permissions ?? []))].toSorted();
}

/** A custom policy that allows these permissions: of IAM, for projects (Huawei Cloud), or of CAM (Tencent Cloud). */
export function policyOf(cloud: CloudName, permissions: readonly string[]): object {
  switch (cloud) {
    case 'huawei':
      return { Version: '1.1', Statement: [{ Effect: 'Allow', Action: permissions }] };
    case 'tencent':
      // Most of these actions know no single resources.
      return { version: '2.0', statement: [{ effect: 'allow', action: permissions, resource: ['*'] }] };
  }
}
