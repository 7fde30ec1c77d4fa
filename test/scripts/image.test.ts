import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { chartPod } from '../image/chart-pod.ts';

/* Dockerfile and chart are read as text here; test/image has BuildKit read the one and a container run by both. */

const dockerfile = readFileSync('deploy/Dockerfile', 'utf8');
const pod = chartPod();

describe("the image and the chart's Pod agree", () => {
  it('on the user, as a number that is not root', () => {
    expect(/^USER (\S+)$/m.exec(dockerfile)?.[1]).toBe(`${pod.uid}:${pod.gid}`);
    expect(pod.uid).toBeGreaterThan(0);
  });

  it('on who says what is run: the image the program, the chart its flags', () => {
    expect(pod.hasCommand).toBe(false);
    expect(/^ENTRYPOINT (.*)$/m.exec(dockerfile)?.[1]).toBe('["/usr/local/bin/node", "/app/cilium-cloud-bridge.js"]');
    expect(dockerfile).not.toMatch(/^CMD/m);
    expect(pod.args).toEqual([`--config=${pod.configPath}/config.yaml`]);
  });

  it('on folders: no volume lies over the program', () => {
    expect(pod.mountPaths.length).toBeGreaterThan(1);
    expect(pod.mountPaths.filter((path) => /^\/(?:app|licenses|usr|lib)\b/.test(path))).toEqual([]);
  });

  it('on a root that is never written, and no rights', () => {
    for (const line of ['readOnlyRootFilesystem: true', 'runAsNonRoot: true', 'allowPrivilegeEscalation: false']) {
      expect(pod.security).toContain(line);
    }
    expect(pod.security).toMatch(/drop: \[ALL\]/);
    expect(pod.security).toMatch(/seccompProfile:\n +type: RuntimeDefault/);
  });
});

describe('the Dockerfile', () => {
  const manifest = z
    .object({ version: z.string(), description: z.string(), devDependencies: z.record(z.string(), z.string()) })
    .parse(JSON.parse(readFileSync('package.json', 'utf8')));

  it('has the version and the description of package.json', () => {
    expect(dockerfile).toContain(`\nARG VERSION=${manifest.version}\n`);
    expect(dockerfile).toContain(`description="${manifest.description}"`);
  });

  it('takes the Node that the tests run on', () => {
    expect(/^ARG NODE_IMAGE=docker\.io\/library\/node:(\d+\.\d+\.\d+)-\S+$/m.exec(dockerfile)?.[1]).toBe(
      manifest.devDependencies.node,
    );
  });

  it('takes Node and base of one release of Debian: they share a C library', () => {
    const releases: Readonly<Record<string, string>> = { bookworm: 'debian12', trixie: 'debian13' };
    const node = /^ARG NODE_IMAGE=\S+-(\w+)-slim$/m.exec(dockerfile)?.[1] ?? '';
    expect(/^ARG BASE_IMAGE=\S+-(debian\d+):nonroot$/m.exec(dockerfile)?.[1]).toBe(releases[node]);
  });
});
