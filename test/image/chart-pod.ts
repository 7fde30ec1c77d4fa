import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What the chart's Deployment says of its container, read from the template: nothing of it hangs on values. */
export interface ChartPod {
  readonly uid: number;
  readonly gid: number;
  /** Whether it replaces the image's entrypoint. */
  readonly hasCommand: boolean;
  readonly args: readonly string[];
  /** Where the ConfigMap is seen. */
  readonly configPath: string;
  readonly mountPaths: readonly string[];
  /** The lines of both security contexts. */
  readonly security: string;
}

export function chartPod(): ChartPod {
  const file = fileURLToPath(new URL('../../deploy/chart/templates/deployment.yaml', import.meta.url));
  const text = readFileSync(file, 'utf8');
  const mountPaths = [...text.matchAll(/mountPath: (\S+)/g)].map(([, path]) => path ?? '');
  return {
    uid: Number(/runAsUser: (\d+)/.exec(text)?.[1]),
    gid: Number(/runAsGroup: (\d+)/.exec(text)?.[1]),
    hasCommand: /^ +command:/m.test(text),
    args: [...(/^ +args:\n((?: +- .*\n)+)/m.exec(text)?.[1] ?? '').matchAll(/- (\S+)/g)].map(([, arg]) => arg ?? ''),
    configPath: /name: config\n +mountPath: (\S+)/.exec(text)?.[1] ?? '',
    mountPaths,
    security: [...text.matchAll(/^( +)securityContext:\n(?:\1 .*\n)+/gm)].map(([block]) => block).join(''),
  };
}
