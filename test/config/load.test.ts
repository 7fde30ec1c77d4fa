import { describe, expect, it } from 'vitest';
import { type ConfigOverrides, loadConfig, parseConfig } from '../../src/config/load.ts';
import { UsageError } from '../../src/lib/errors.ts';
import { redactText } from '../../src/lib/redact.ts';

const DEFAULTS = {
  readOnly: false,
  cilium: { namespace: undefined },
  gateway: {
    adopt: { mode: 'annotated' },
    exposure: 'auto',
    publish: 'all',
    entrypointNamespaces: [],
    addresses: {},
    pinNodePorts: false,
    loadBalancerClass: 'cilium-cloud-bridge.io/entrypoint',
    managed: {
      enabled: false,
      allowedNamespaces: [],
      allowedAnnotations: [],
      allowedLoadBalancerIds: [],
      allowNodePorts: false,
      annotations: {},
      selector: { 'k8s-app': 'cilium' },
      removeAfterMs: 600_000,
      maxRemovalsPerPass: 1,
    },
  },
  taints: {
    enabled: true,
    rules: undefined,
    network: 'auto',
    routesHandled: false,
    graceMs: 30_000,
    confirmAfterMs: 5_000,
    maxPercent: 20,
    maxNodes: 10,
    removalsPerBoot: 3,
    bootstrap: true,
    bootstrapIntervalMs: 15_000,
  },
  cloud: {
    provider: 'auto',
    region: undefined,
    projectId: undefined,
    clusterId: undefined,
    vpcId: undefined,
    nonMasqueradeCidrs: [],
    endpointSuffix: '',
    endpoints: {},
    credentials: { directory: '/etc/cilium-cloud-bridge/credentials', instanceRole: false },
    limits: { requestsPerSecond: 5, concurrentRequests: 4, timeoutMs: 10_000 },
  },
  holdOff: { reverts: 3, windowMs: 600_000, durationMs: 1_800_000 },
  checks: { enabled: true, intervalMs: 600_000 },
  lease: {
    namespace: 'kube-system',
    name: 'cilium-cloud-bridge',
    durationMs: 15_000,
    renewDeadlineMs: 10_000,
    retryPeriodMs: 2_000,
  },
  listen: { host: '', port: 9976 },
  resyncMs: 600_000,
  logLevel: 'info',
};

/** The message of the UsageError that the text causes. */
function problemOf(text: string): string {
  try {
    parseConfig(text, 'c.yaml');
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return error instanceof UsageError ? error.message : '';
  }
  throw new Error('no error');
}

describe('parseConfig', () => {
  it.each(['', '\n', '# only a comment\n', '---\n', '{}', 'gateway:\n  # adopt: auto\nholdOff:\n'])(
    'gives the defaults for %j',
    (text) => {
      expect(parseConfig(text, 'c.yaml')).toEqual(DEFAULTS);
    },
  );

  it('reads every key', () => {
    const text = `
readOnly: true
cilium: { namespace: cilium }
gateway:
  adopt: [kube-system/entry=default/web]
  exposure: pod-ip
  publish: public
  entrypointNamespaces: [edge]
  addresses:
    default/web: [121.36.1.2, lb.example.com]
  pinNodePorts: true
  loadBalancerClass: example.com/lb
  managed:
    enabled: true
    allowedNamespaces: ["*"]
    allowedAnnotations: [kubernetes.io/elb.*]
    allowedLoadBalancerIds: [lb-12ab]
    allowNodePorts: true
    annotations: { kubernetes.io/elb.class: union }
    selector: { k8s-app: cilium-envoy }
    removeAfter: 1h
    maxRemovalsPerPass: 2
taints:
  enabled: false
  rules: [node.kubernetes.io/route-unreachable:NoSchedule, example.com/a=b]
  network: cce-vpc-router
  routesHandled: true
  grace: 1m
  confirmAfter: 2s
  maxPercent: 100
  maxNodes: 0
  removalsPerBoot: 5
  bootstrap: false
  bootstrapInterval: 30s
cloud:
  provider: huawei
  region: cn-north-4
  projectId: 0a1b2c3d4e5f
  clusterId: 3c2b1a00-0000-4000-8000-000000000000
  vpcId: vpc-1
  nonMasqueradeCidrs: [10.0.0.0/8, 'fd00::/8']
  endpointSuffix: myhuaweicloud.eu
  endpoints: { elb: https://10.0.0.5:8443, iam: http://127.0.0.1:8080 }
  credentials: { directory: /run/keys, instanceRole: true }
  limits: { requestsPerSecond: 2, concurrentRequests: 1, timeout: 5s }
holdOff: { reverts: 5, window: 5m, duration: 1h30m }
checks: { enabled: false, interval: 30m }
lease: { namespace: ops, name: bridge, duration: 1m, renewDeadline: 40s, retryPeriod: 500ms }
listen: 127.0.0.1:8080
resync: 30s
logLevel: debug
`;
    expect(parseConfig(text, 'c.yaml')).toEqual({
      readOnly: true,
      cilium: { namespace: 'cilium' },
      gateway: {
        adopt: {
          mode: 'list',
          pairs: [
            {
              entrypoint: { namespace: 'kube-system', name: 'entry' },
              gateway: { namespace: 'default', name: 'web' },
            },
          ],
        },
        exposure: 'pod-ip',
        publish: 'public',
        entrypointNamespaces: ['edge'],
        addresses: { 'default/web': ['121.36.1.2', 'lb.example.com'] },
        pinNodePorts: true,
        loadBalancerClass: 'example.com/lb',
        managed: {
          enabled: true,
          allowedNamespaces: ['*'],
          allowedAnnotations: ['kubernetes.io/elb.*'],
          allowedLoadBalancerIds: ['lb-12ab'],
          allowNodePorts: true,
          annotations: { 'kubernetes.io/elb.class': 'union' },
          selector: { 'k8s-app': 'cilium-envoy' },
          removeAfterMs: 3_600_000,
          maxRemovalsPerPass: 2,
        },
      },
      taints: {
        enabled: false,
        rules: [
          { key: 'node.kubernetes.io/route-unreachable', value: undefined, effect: 'NoSchedule' },
          { key: 'example.com/a', value: 'b', effect: undefined },
        ],
        network: 'cce-vpc-router',
        routesHandled: true,
        graceMs: 60_000,
        confirmAfterMs: 2_000,
        maxPercent: 100,
        maxNodes: 0,
        removalsPerBoot: 5,
        bootstrap: false,
        bootstrapIntervalMs: 30_000,
      },
      cloud: {
        provider: 'huawei',
        region: 'cn-north-4',
        projectId: '0a1b2c3d4e5f',
        clusterId: '3c2b1a00-0000-4000-8000-000000000000',
        vpcId: 'vpc-1',
        nonMasqueradeCidrs: ['10.0.0.0/8', 'fd00::/8'],
        endpointSuffix: 'myhuaweicloud.eu',
        endpoints: { elb: 'https://10.0.0.5:8443', iam: 'http://127.0.0.1:8080' },
        credentials: { directory: '/run/keys', instanceRole: true },
        limits: { requestsPerSecond: 2, concurrentRequests: 1, timeoutMs: 5_000 },
      },
      holdOff: { reverts: 5, windowMs: 300_000, durationMs: 5_400_000 },
      checks: { enabled: false, intervalMs: 1_800_000 },
      lease: { namespace: 'ops', name: 'bridge', durationMs: 60_000, renewDeadlineMs: 40_000, retryPeriodMs: 500 },
      listen: { host: '127.0.0.1', port: 8080 },
      resyncMs: 30_000,
      logLevel: 'debug',
    });
  });

  it('tells keys that stand twice beside all the rest, with the same key under another and in a list of others', () => {
    const text = [
      'taints: { enabled: true }',
      'gateway:',
      '  publish: all',
      '  managed: { "enabled": true, enabled: false, allowedNamespaces: [a] }',
      '  publsh: all',
      'taints:',
      '  enabled: true',
      'checks: { enabled: true, interval: 5 }',
    ].join('\n');
    expect(problemOf(text)).toBe(
      [
        'c.yaml: 4 problems',
        '  line 4, gateway.managed.enabled: this key stands there a second time. Keep one of the two.',
        '  line 5, gateway.publsh: no such key. Did you mean publish?',
        '  line 6, taints: this key stands there a second time. Keep one of the two.',
        '  line 8, checks.interval: 5 has no unit. Write 5s for seconds or 5m for minutes.',
      ].join('\n'),
    );
  });

  it.each(['gateway: { addresses: { 1: [a], 0x1: [b] } }', 'gateway: { ? &k adopt : auto, *k : auto }'])(
    'refuses keys that are the same once they are understood: %j',
    (text) => {
      expect(problemOf(text)).toMatch(/second time/);
    },
  );

  it('reads JSON, indented with tabs too', () => {
    expect(parseConfig('{\n\t"readOnly": true,\n\t"resync": "1m"\n}', 'c.json')).toMatchObject({
      readOnly: true,
      resyncMs: 60_000,
    });
  });

  it('tells all problems at once, in the order of the lines', () => {
    const text = `gatway: {}
gateway:
  exposure: nodeport
  adopt:
    - a/b=c/d
    - a/b=c/e
    - x
  managed:
    enabled: true
    selector: {}
    removeAfter: 10
    annotations:
      kubernetes.io/elb.id: 12
  addresses:
    default/web: [1.2.3]
    web: []
holdOff:
  window: 5ms
logLevel: warning
`;
    expect(problemOf(text)).toBe(
      [
        'c.yaml: 12 problems',
        '  line 1, gatway: no such key. Did you mean gateway?',
        '  line 3, gateway.exposure: "nodeport" is no choice. Did you mean node-port? Choices: auto, redirect, node-port, pod-ip, host-network.',
        '  line 6, gateway.adopt[1]: a/b is given to c/d and to c/e. One entrypoint serves one Gateway: make a second Service for the other.',
        '  line 7, gateway.adopt[2]: "x" is no pair of entrypoint and Gateway. Write it as namespace/service=namespace/gateway, such as kube-system/entry=default/web.',
        '  line 8, gateway.managed.allowedNamespaces: managed entrypoints are enabled, but no namespace may ask for one. Set allowedNamespaces: [my-namespace], or ["*"] for all.',
        '  line 10, gateway.managed.selector: selects nothing. Name the label of the Pods that run Envoy, such as k8s-app: cilium, or remove the key for that default.',
        '  line 11, gateway.managed.removeAfter: 10 has no unit. Write 10s for seconds or 10m for minutes.',
        '  line 13, gateway.managed.annotations."kubernetes.io/elb.id": must be a text, not 12. Write a text; put numbers, true and false in quotes.',
        '  line 15, gateway.addresses."default/web"[0]: "1.2.3" is neither an IP address nor a host name. Write the load balancer\'s IP address, or the host name of a domain CLB.',
        '  line 16, gateway.addresses.web: "web" is no Gateway. Write it as namespace/name, such as default/web.',
        '  line 18, holdOff.window: "5ms" is out of range. Write a duration from 1s to 168h.',
        '  line 19, logLevel: "warning" is no choice. Did you mean warn? Choices: trace, debug, info, warn, error.',
      ].join('\n'),
    );
  });

  it.each([
    ['read_only: true', 'line 1, read_only: no such key. Did you mean readOnly?'],
    ['lease: { Name: x }', 'line 1, lease.Name: no such key. Did you mean name?'],
    [
      'cloud: { secretKey: x }',
      'line 1, cloud.secretKey is wrong: no such key. Credentials do not belong here: give them in the environment, or as files in the folder cloud.credentials.directory.',
    ],
    [
      `${'k'.repeat(5_000)}: 1`,
      `line 1, ${'k'.repeat(77)}…: no such key. Known here: readOnly, cilium, gateway, taints, cloud, holdOff, checks, lease, listen, resync, logLevel.`,
    ],
    ['adopt: auto', 'line 1, adopt: no such key. Did you mean gateway.adopt?'],
    ['gateway: { lease: {} }', 'line 1, gateway.lease: no such key. Did you mean lease at the top level?'],
    [
      'taints: { rules: [a b] }',
      'line 1, taints.rules[0]: "a b" is no taint. Write it as key[=value][:Effect], such as node.kubernetes.io/route-unreachable:NoSchedule.',
    ],
    [
      'taints: { rules: [node.cilium.io/agent-not-ready] }',
      'line 1, taints.rules[0]: node.cilium.io/agent-not-ready says something true of the node, it is never obsolete under Cilium. Remove it from the list: whoever sets this taint takes it away when the node is fit again.',
    ],
    ['taints: { maxPercent: 101 }', 'line 1, taints.maxPercent: 101 is out of range. Write a number of at most 100.'],
    [
      'lease: { colour: red }',
      'line 1, lease.colour: no such key. Known here: namespace, name, duration, renewDeadline, retryPeriod.',
    ],
    [
      'lease: { duration: 10s }',
      'line 1, lease.renewDeadline: is not less than duration: two could lead at a time. Write two thirds of duration, such as 10s with a duration of 15s.',
    ],
    [
      'lease: { renewDeadline: 15s }',
      'line 1, lease.renewDeadline: is not less than duration: two could lead at a time. Write two thirds of duration, such as 10s with a duration of 15s.',
    ],
    [
      'lease: { renewDeadline: 12s, retryPeriod: 10s }',
      'line 1, lease.retryPeriod: leaves no time for a second try before renewDeadline. Write less than renewDeadline / 1.2, such as 2s with a renewDeadline of 10s.',
    ],
    [
      'lease: { duration: 15500ms }',
      'line 1, lease.duration: is not in whole seconds, as a Lease counts. Write whole seconds, such as 15s.',
    ],
    ['lease: { duration: 0s }', 'line 1, lease.duration: "0s" is out of range. Write a duration from 1s to 168h.'],
    ['readOnly: yes', 'line 1, readOnly: must be true or false, not "yes". Write true or false, without quotes.'],
    [
      'gateway: { adopt: a/b=c/d }',
      'line 1, gateway.adopt: "a/b=c/d" is no choice. Write annotated, auto, or a list such as [kube-system/entry=default/web].',
    ],
    [
      'gateway: { managed: { maxRemovalsPerPass: -1 } }',
      'line 1, gateway.managed.maxRemovalsPerPass: -1 is out of range. Write a number of at least 0.',
    ],
    ['cloud: { provider: aws }', 'line 1, cloud.provider: "aws" is no choice. Choices: auto, huawei, tencent, none.'],
    [
      'cloud: { region: Beijing }',
      'line 1, cloud.region: "Beijing" is no region. Write it as the cloud does, such as cn-north-4 (Huawei Cloud) or ap-guangzhou (Tencent Cloud).',
    ],
    [
      'cloud: { endpoints: { elb: "http://10.0.0.5" } }',
      'line 1, cloud.endpoints.elb: "http://10.0.0.5" is no endpoint. Write it as https://host or https://host:port, without a path; http is allowed for 127.0.0.1 only.',
    ],
    [
      'cloud: { limits: { requestsPerSecond: 0 } }',
      'line 1, cloud.limits.requestsPerSecond: 0 is out of range. Write a number of at least 1.',
    ],
    ['holdOff: { reverts: 101 }', 'line 1, holdOff.reverts: 101 is out of range. Write a number of at most 100.'],
    [
      'gateway: { addresses: { default/web: [] } }',
      'line 1, gateway.addresses."default/web": is an empty list. Add at least one entry, or remove the key.',
    ],
    [
      'gateway: { loadBalancerClass: io.cilium/node }',
      'line 1, gateway.loadBalancerClass: is a class that Cilium serves itself. Choose a class that no other controller serves, or remove the key for the default.',
    ],
    [
      'gateway: { managed: { selector: { "a b": c } } }',
      'line 1, gateway.managed.selector."a b": "a b" is no key that Kubernetes accepts. Write it as name or prefix/name, such as kubernetes.io/elb.id.',
    ],
    [
      'gateway: { managed: { selector: { a: "b c" } } }',
      'line 1, gateway.managed.selector.a: "b c" is no label value. Use letters, digits, "-", "_" and ".", at most 63 characters.',
    ],
    [
      'gateway: { managed: { annotations: { a: null } } }',
      'line 1, gateway.managed.annotations.a: must be a text, not null. Write a text; put numbers, true and false in quotes.',
    ],
    [
      'gateway: { managed: { allowedNamespaces: [Web] } }',
      'line 1, gateway.managed.allowedNamespaces[0]: "Web" is no name of a namespace. Name a namespace, or write "*" (with quotes) for all of them.',
    ],
    [
      'gateway: []',
      'line 1, gateway: must be keys with values, not a list. Put keys under it, indented, each with its value.',
    ],
    ['- a', 'must be keys with values, not a list. Put keys under it, indented, each with its value.'],
    ['just text', 'must be keys with values, not "…". Put keys under it, indented, each with its value.'],
    ['--- {}\n--- {}', 'holds 2 YAML documents. Keep one: remove the lines with "---".'],
    [
      'gateway:\n  adopt: [',
      'line 2, column 11: unexpected end of the stream within a flow collection. Mend the YAML there: mostly it is the indentation, a tab, or a missing quote.',
    ],
    ['readOnly: true\nreadOnly: false', 'line 2, readOnly: this key stands there a second time. Keep one of the two.'],
  ])('explains %j', (text, problem) => {
    expect(problemOf(text)).toBe(`c.yaml: ${problem}`);
  });
});

describe('a secret that stands in the wrong place', () => {
  const SECRET = 'hunter2hunter2';

  it.each([
    SECRET,
    `cloud: { credentials: ${SECRET} }`,
    `cloud: { credentials: { directory: ${SECRET} } }`,
    `cloud: { credentials: { secretKey: ${SECRET} } }`,
    `cloud: { secretKey: ${SECRET} }`,
    `cloud:\n  secretKey: *${SECRET}\n`,
    `cloud:\n  secretKey: !${SECRET} a\n`,
    `"password": !<${SECRET}> {`,
    `password: ${SECRET}: a`,
    `password: [${SECRET}, `,
    `password: "\\${SECRET}"`,
    `token: ${SECRET}\ntoken: ${SECRET}`,
  ])('is in no message: %j', (text) => {
    expect(problemOf(text)).toContain('c.yaml: ');
    expect(problemOf(text)).not.toContain('hunter');
    // What is searched for secrets before it is printed stays as it is.
    expect(redactText(problemOf(text))).toBe(problemOf(text));
  });

  it('is in no message about a variable either', () => {
    const parse = (): unknown => parseConfig('', 'c.yaml', { CCB_CLOUD_CREDENTIALS_DIRECTORY: SECRET });
    expect(parse).toThrow(/CCB_CLOUD_CREDENTIALS_DIRECTORY: "…" is no folder/);
  });
});

describe('a key that JavaScript knows', () => {
  it('is as unknown as any other', () => {
    expect(problemOf('__proto__: { readOnly: true }')).toContain('c.yaml: line 1, __proto__: no such key.');
  });
});

describe('loadConfig', () => {
  function failing(code: string): () => string {
    return () => {
      throw Object.assign(new Error(`${code}: no`), { code });
    };
  }

  it('gives the defaults without a file', () => {
    expect(loadConfig({ overrides: {}, env: {}, path: undefined })).toEqual(DEFAULTS);
  });

  it('puts flags over the file', () => {
    const config = loadConfig(
      { overrides: { adopt: { mode: 'auto' }, logLevel: 'error' }, env: {}, path: '/c.yaml' },
      () => 'logLevel: debug\n',
    );
    expect(config).toEqual({
      ...DEFAULTS,
      gateway: { ...DEFAULTS.gateway, adopt: { mode: 'auto' } },
      logLevel: 'error',
    });
  });

  it.each([
    ['none', undefined],
    ['127.0.0.1:0', { host: '127.0.0.1', port: 0 }],
    [':80', { host: '', port: 80 }],
  ])('listens as the flag says: %s', (listen, expected) => {
    const listenOf = (overrides: ConfigOverrides) =>
      loadConfig({ overrides, env: {}, path: '/c.yaml' }, () => 'listen: "[::1]:65535"\n').listen;
    expect(listenOf({ listen })).toEqual(expected);
    expect(listenOf({})).toEqual({ host: '::1', port: 65_535 });
  });

  it('keeps what the file says where no flag is given', () => {
    expect(
      loadConfig({ overrides: { logLevel: undefined }, env: {}, path: '/c.yaml' }, () => 'logLevel: debug\n').logLevel,
    ).toBe('debug');
  });

  it.each([
    ['ENOENT', 'there is no such file'],
    ['EACCES', 'may not be read by this user'],
    ['EISDIR', 'is a directory, not a file'],
    ['EIO', "can't be read (EIO)"],
  ])('says what is wrong with a file that gives %s', (code, what) => {
    expect(() => loadConfig({ overrides: {}, env: {}, path: '/etc/c.yaml' }, failing(code))).toThrow(
      new UsageError('/etc/c.yaml', [
        { at: '', what, fix: 'Check the path given with --config and the rights of the file.' },
      ]),
    );
  });

  it('tells what is wrong with the environment, too, where the file cannot be read', () => {
    const env = { CCB_READ_ONLY: 'yes', CCB_TAINTS_ENABELD: 'true' };
    expect(() => loadConfig({ overrides: {}, env, path: '/nowhere/c.yaml' })).toThrow(
      [
        '/nowhere/c.yaml and environment: 3 problems',
        '  there is no such file. Check the path given with --config and the rights of the file.',
        '  CCB_TAINTS_ENABELD: no such variable. Did you mean CCB_TAINTS_ENABLED?',
        '  CCB_READ_ONLY: must be true or false, not "yes". Write true or false, without quotes.',
      ].join('\n'),
    );
  });

  it('reports a missing file from the real file system', () => {
    expect(() => loadConfig({ overrides: {}, env: {}, path: '/nowhere/c.yaml' })).toThrow(
      '/nowhere/c.yaml: there is no such file.',
    );
  });
});
