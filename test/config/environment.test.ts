import { describe, expect, it } from 'vitest';
import { FLAG_VARIABLES, readEnvironment, valuePaths, variableOf } from '../../src/config/environment.ts';
import { loadConfig, parseConfig } from '../../src/config/load.ts';
import type { Environment } from '../../src/lib/environment.ts';
import { UsageError } from '../../src/lib/errors.ts';

function problemOf(env: Environment, text = ''): string {
  try {
    parseConfig(text, 'c.yaml', env);
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return error instanceof UsageError ? error.message : '';
  }
  throw new Error('no error');
}

describe('the variable of a key', () => {
  it.each([
    ['readOnly', 'CCB_READ_ONLY'],
    ['gateway.managed.allowedLoadBalancerIds', 'CCB_GATEWAY_MANAGED_ALLOWED_LOAD_BALANCER_IDS'],
    ['cloud.limits.requestsPerSecond', 'CCB_CLOUD_LIMITS_REQUESTS_PER_SECOND'],
  ])('%s is %s', (key, variable) => {
    expect(variableOf(key.split('.'))).toBe(variable);
  });

  it('is another one for each key, and none that the kubelet sets for a Service or a flag has', () => {
    const variables = valuePaths().map(variableOf);
    expect(variables.length).toBeGreaterThan(50);
    expect(new Set(variables).size).toBe(variables.length);
    expect(variables.filter((name) => Object.hasOwn(FLAG_VARIABLES, name))).toEqual([]);
    const read = readEnvironment(Object.fromEntries(variables.map((name) => [name, 'x'])));
    expect(read.problems.filter(({ what }) => what === 'no such variable')).toEqual([]);
    expect(read.said.map(({ variable }) => variable)).toEqual(variables.toSorted());
  });
});

describe('the environment', () => {
  it('says texts, switches, numbers, durations, lists and keys with values', () => {
    const config = parseConfig('', 'c.yaml', {
      CCB_READ_ONLY: 'true',
      CCB_CILIUM_NAMESPACE: ' cilium\n',
      CCB_TAINTS_MAX_PERCENT: '50',
      CCB_TAINTS_GRACE: '1m',
      CCB_TAINTS_RULES: 'example.com/a=b:NoSchedule, example.com/c',
      CCB_GATEWAY_MANAGED_ALLOWED_NAMESPACES: '*',
      CCB_GATEWAY_ENTRYPOINT_NAMESPACES: '[edge, "other"]',
      CCB_GATEWAY_MANAGED_ANNOTATIONS: '{"kubernetes.io/elb.class": "union"}',
      CCB_GATEWAY_ADDRESSES: 'default/web: [203.0.113.9]',
      CCB_GATEWAY_ADOPT: 'kube-system/entry=default/web',
      PATH: '/bin',
    });
    expect(config).toMatchObject({
      readOnly: true,
      cilium: { namespace: 'cilium' },
      taints: { maxPercent: 50, graceMs: 60_000, rules: [{ key: 'example.com/a' }, { key: 'example.com/c' }] },
      gateway: {
        adopt: { mode: 'list', pairs: [{ gateway: { namespace: 'default', name: 'web' } }] },
        entrypointNamespaces: ['edge', 'other'],
        addresses: { 'default/web': ['203.0.113.9'] },
        managed: { allowedNamespaces: ['*'], annotations: { 'kubernetes.io/elb.class': 'union' } },
      },
    });
    expect(parseConfig('', 'c.yaml', { CCB_GATEWAY_ADOPT: 'auto' }).gateway.adopt).toEqual({ mode: 'auto' });
  });

  it('wins over the file key by key, and flags win over it', () => {
    const text = 'logLevel: debug\ngateway: { exposure: pod-ip, publish: private }\n';
    const env = { CCB_GATEWAY_EXPOSURE: 'redirect', CCB_LOG_LEVEL: 'warn', CCB_GATEWAY_ADOPT: 'annotated' };
    const config = loadConfig({ overrides: { adopt: { mode: 'auto' } }, env, path: '/c.yaml' }, () => text);
    expect(config.gateway).toMatchObject({ exposure: 'redirect', publish: 'private', adopt: { mode: 'auto' } });
    expect(config.logLevel).toBe('warn');
    const said = loadConfig({ overrides: { logLevel: 'error' }, env, path: '/c.yaml' }, () => text);
    expect(said.logLevel).toBe('error');
  });

  it.each([{ CCB_READ_ONLY: '' }, { CCB_READ_ONLY: '  ' }, { CCB_READ_ONLY: undefined }])(
    'counts %j as absent',
    (env) => {
      expect(parseConfig('readOnly: true', 'c.yaml', env).readOnly).toBe(true);
    },
  );

  it('takes back what the file says with an empty list', () => {
    const env = { CCB_GATEWAY_ENTRYPOINT_NAMESPACES: '[]' };
    expect(parseConfig('gateway: { entrypointNamespaces: [edge] }', 'c', env).gateway.entrypointNamespaces).toEqual([]);
  });

  it('passes over what the kubelet says of Services whose names begin with ccb-', () => {
    const links = {
      CCB_WEB_SERVICE_HOST: '10.0.0.1',
      CCB_WEB_SERVICE_PORT: '80',
      CCB_WEB_SERVICE_PORT_HTTP: '80',
      CCB_WEB_PORT: 'tcp://10.0.0.1:80',
      CCB_WEB_PORT_80_TCP: 'tcp://10.0.0.1:80',
      CCB_WEB_PORT_80_TCP_PROTO: 'tcp',
      CCB_WEB_PORT_80_TCP_PORT: '80',
      CCB_WEB_PORT_80_TCP_ADDR: '10.0.0.1',
    };
    expect(readEnvironment(links)).toEqual({ said: [], problems: [] });
  });

  it.each([
    [{ CCB_READONLY: 'true' }, 'environment: CCB_READONLY: no such variable. Did you mean CCB_READ_ONLY?'],
    [{ ccb_read_only: 'true' }, 'environment: ccb_read_only: no such variable. Did you mean CCB_READ_ONLY?'],
    [{ CCB_GATEWAY_EXPOSUR: 'x' }, 'Did you mean CCB_GATEWAY_EXPOSURE?'],
    [{ CCB_EXPOSURE: 'x' }, 'Did you mean CCB_GATEWAY_EXPOSURE?'],
    [{ CCB_KUBECONFIG: '/k' }, 'Did you mean KUBECONFIG?'],
    [{ CCB_ADOPT: 'auto' }, 'Did you mean CCB_GATEWAY_ADOPT?'],
    [{ CCB_CONFG: '/c' }, 'Did you mean CCB_CONFIG?'],
    [{ CCB_QWERTYUIOP: '1' }, 'Unset it; docs/configuration.md names all of them.'],
    [{ CCB_READ_ONLY: 'yes' }, 'CCB_READ_ONLY: must be true or false, not "yes".'],
    [{ CCB_TAINTS_MAX_PERCENT: '20%' }, 'CCB_TAINTS_MAX_PERCENT: must be a whole number, not "20%".'],
    [{ CCB_TAINTS_MAX_PERCENT: '200' }, 'CCB_TAINTS_MAX_PERCENT: 200 is out of range. Write a number of at most 100.'],
    [{ CCB_TAINTS_GRACE: '30' }, 'CCB_TAINTS_GRACE: 30 has no unit. Write 30s for seconds or 30m for minutes.'],
    [{ CCB_GATEWAY_ADOPT: 'aut' }, 'CCB_GATEWAY_ADOPT: "aut" is no choice.'],
    [{ CCB_GATEWAY_EXPOSURE: 'redirct' }, 'CCB_GATEWAY_EXPOSURE: "redirct" is no choice. Did you mean redirect?'],
    [{ CCB_TAINTS_RULES: 'a=b,c d' }, 'CCB_TAINTS_RULES [1]: "c d" is no taint.'],
    [{ CCB_GATEWAY_MANAGED_ANNOTATIONS: '{a: b' }, 'CCB_GATEWAY_MANAGED_ANNOTATIONS line 1, column 6:'],
    [{ CCB_GATEWAY_MANAGED_ANNOTATIONS: 'a=b' }, 'must be keys with values, not "a=b".'],
  ] satisfies readonly (readonly [Environment, string])[])('%j is refused: %s', (env, message) => {
    expect(problemOf(env)).toContain(message);
  });

  it('and the file have all their mistakes told at once, each with its place', () => {
    const env = { CCB_REDONLY: 'true', CCB_GATEWAY_PUBLISH: 'some', CCB_GATEWAY_MANAGED_ENABLED: 'true' };
    expect(problemOf(env, 'gateway:\n  exposr: auto\nresync: 5\n')).toBe(
      [
        'c.yaml and environment: 5 problems',
        '  line 1, gateway.managed.allowedNamespaces: managed entrypoints are enabled, but no namespace may ask for one. Set allowedNamespaces: [my-namespace], or ["*"] for all.',
        '  line 2, gateway.exposr: no such key. Did you mean exposure?',
        '  line 3, resync: 5 has no unit. Write 5s for seconds or 5m for minutes.',
        '  CCB_REDONLY: no such variable. Did you mean CCB_READ_ONLY?',
        '  CCB_GATEWAY_PUBLISH: "some" is no choice. Choices: all, public, private.',
      ].join('\n'),
    );
  });

  it('has its mistakes told beside a file that is no YAML', () => {
    const message = problemOf({ CCB_GATEWAY_PUBLISH: 'some' }, 'gateway: {');
    expect(message).toMatch(/^c\.yaml and environment: 2 problems\n {2}line 1/);
    expect(message).toContain('CCB_GATEWAY_PUBLISH: "some" is no choice.');
  });

  it('does not hide what is wrong in the file on the way to a key', () => {
    expect(problemOf({ CCB_GATEWAY_EXPOSURE: 'auto' }, 'gateway: auto\n')).toContain('line 1, gateway: must be keys');
  });
});
