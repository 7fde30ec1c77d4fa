import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCommandLine } from '../../src/cli/args.ts';
import { FLAGS } from '../../src/cli/flags.ts';
import { UsageError } from '../../src/lib/errors.ts';

const COMMON = {
  kubeconfig: undefined,
  context: undefined,
  config: undefined,
  adopt: undefined,
  logLevel: undefined,
};

const ONCE = {
  ...COMMON,
  command: 'once',
  dryRun: false,
  waitMs: 10_000,
  output: 'table',
  yes: false,
  force: false,
  allowStaticRedirect: false,
};

function parse(line: string): unknown {
  return parseCommandLine(line.split(' ').filter((word) => word !== ''));
}

function problemOf(line: string): string {
  try {
    parse(line);
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return error instanceof UsageError ? error.message : '';
  }
  throw new Error('no error');
}

describe('parseCommandLine', () => {
  it('is the controller without flags', () => {
    expect(parse('')).toEqual({ ...COMMON, command: 'controller', listen: undefined });
    expect(parse('--preflight --listen none')).toEqual({ ...COMMON, command: 'preflight' });
    expect(parse('--listen 127.0.0.1:8080')).toEqual({ ...COMMON, command: 'controller', listen: '127.0.0.1:8080' });
  });

  it('gives the controller what both take', () => {
    expect(parse('--config c.yaml --kubeconfig=k --context prod --adopt auto --log-level debug')).toEqual({
      command: 'controller',
      kubeconfig: 'k',
      context: 'prod',
      config: 'c.yaml',
      adopt: { mode: 'auto' },
      logLevel: 'debug',
      listen: undefined,
    });
  });

  it('knows doctor, a word in front of all flags', () => {
    const doctor = {
      ...COMMON,
      command: 'doctor',
      output: 'table',
      only: [],
      skip: [],
      from: undefined,
      cloud: true,
      verbose: false,
    };
    expect(parse('doctor')).toEqual(doctor);
    expect(parse('doctor -o json -v --only kpr-off,l7-off --only kpr-off --skip a --cloud=false --context p')).toEqual({
      ...doctor,
      output: 'json',
      verbose: true,
      only: ['kpr-off', 'l7-off'],
      skip: ['a'],
      cloud: false,
      context: 'p',
    });
  });

  it('knows migrate, with the Gateway that it moves', () => {
    const migrate = {
      ...COMMON,
      command: 'migrate',
      gateway: { namespace: 'default', name: 'web' },
      toClass: undefined,
      dryRun: false,
      waitMs: 60_000,
      output: 'table',
      yes: false,
      force: false,
    };
    expect(parse('migrate default/web')).toEqual(migrate);
    expect(parse('migrate --yes default/web -o json --to-class old --wait 5s --force --dry-run')).toEqual({
      ...migrate,
      toClass: 'old',
      dryRun: true,
      waitMs: 5_000,
      output: 'json',
      yes: true,
      force: true,
    });
    expect(problemOf('migrate')).toBe(
      'command line: migrate: needs the Gateway. Write migrate <namespace>/<gateway>, such as migrate default/web.',
    );
    expect(problemOf('migrate web')).toContain('"web" is not <namespace>/<name>.');
    expect(problemOf('migrate default/web default/other')).toContain('unexpected argument "default/other"');
  });

  it('knows uninstall and what stays behind', () => {
    expect(parse('uninstall --yes -o json')).toEqual({
      ...COMMON,
      command: 'uninstall',
      dryRun: false,
      output: 'json',
      yes: true,
    });
    expect(parse('--uninstall-report')).toEqual({ ...COMMON, command: 'uninstall-report', output: 'table' });
    expect(problemOf('--once --uninstall-report')).toContain("--once: doesn't go with --uninstall-report.");
    expect(problemOf('migrate default/web --once')).toContain("--once: doesn't go with migrate.");
    expect(problemOf('uninstall --wait 5s')).toContain('--wait: works only together with --once or migrate.');
  });

  it('knows files in the place of a cluster, and the page', () => {
    expect(parse('doctor --from dump.zip -o html')).toMatchObject({ from: 'dump.zip', output: 'html' });
  });

  it('knows one pass', () => {
    expect(parse('--once')).toEqual(ONCE);
    expect(parse('--once --dry-run')).toEqual({ ...ONCE, dryRun: true });
    expect(parse('--once -y -o json --wait 1m30s --force --allow-static-redirect')).toEqual({
      ...ONCE,
      yes: true,
      output: 'json',
      waitMs: 90_000,
      force: true,
      allowStaticRedirect: true,
    });
  });

  it.each([
    ['0', 0],
    ['0s', 0],
    ['250ms', 250],
  ])('takes --wait %s', (text, waitMs) => {
    expect(parse(`--once --wait=${text}`)).toEqual({ ...ONCE, waitMs });
  });

  it('lets the last of a repeated flag win', () => {
    expect(parse('--once -o table -ojson')).toEqual({ ...ONCE, output: 'json' });
  });

  it('collects pairs from commas and from repeated --adopt', () => {
    expect(parse('--once --adopt a/b=c/d,a/e=c/f --adopt=a/g=c/h')).toEqual({
      ...ONCE,
      adopt: {
        mode: 'list',
        pairs: [
          { entrypoint: { namespace: 'a', name: 'b' }, gateway: { namespace: 'c', name: 'd' } },
          { entrypoint: { namespace: 'a', name: 'e' }, gateway: { namespace: 'c', name: 'f' } },
          { entrypoint: { namespace: 'a', name: 'g' }, gateway: { namespace: 'c', name: 'h' } },
        ],
      },
    });
  });

  it.each(['--help', '-h', '--once --nonsense --help'])('shows help for %s', (line) => {
    expect(parse(line)).toEqual({ command: 'help' });
  });

  it('shows the version', () => {
    expect(parse('--version')).toEqual({ command: 'version' });
  });

  it.each([
    [
      '--dry-run',
      '--dry-run: works only together with --once or migrate or uninstall. Add --once to see what would be written; for a controller that never writes set readOnly in the configuration.',
    ],
    [
      '--yes',
      '--yes: works only together with --once or doctor or migrate or uninstall. Add --once or doctor or migrate or uninstall, or leave --yes out.',
    ],
    ['--adpot auto --once', '--adpot: no such flag. Did you mean --adopt?'],
    ['--dryrun --once', '--dryrun: no such flag. Did you mean --dry-run?'],
    ['--zzz', '--zzz: no such flag. See --help.'],
    ['-x', '-x: no such flag. See --help.'],
    ['--once=true', '--once: takes no value. Write --once alone, or leave it out.'],
    ['--config', '--config: needs a value. Write --config FILE.'],
    ['--config=', '--config: needs a value. Write --config FILE.'],
    ['--config --once', '--config: needs a value, but --once follows. Write --config FILE.'],
    ['once', 'unexpected argument "once". Did you mean --once?'],
    ['start', 'unexpected argument "start". Everything else is said with flags: see --help.'],
    ['--once --wait 5', '--wait: 5 has no unit. Write 5s for seconds or 5m for minutes.'],
    ['--once --wait 169h', '--wait: 169h is too long. At most 168h.'],
    ['--once -o yaml', '--output: "yaml" is no choice. Choices: table, json.'],
    [
      '--log-level warning',
      '--log-level: "warning" is no choice. Did you mean warn? Choices: trace, debug, info, warn, error.',
    ],
    [
      '--adopt web',
      '--adopt: "web" is neither auto nor annotated nor namespace/service=namespace/gateway. Write it as namespace/service=namespace/gateway, such as kube-system/entry=default/web.',
    ],
    [
      '--adopt Auto',
      '--adopt: "Auto" is neither auto nor annotated nor namespace/service=namespace/gateway. Did you mean auto?',
    ],
    ['--once --listen :80', '--listen: works only for the controller. Leave --listen out.'],
    [
      '--listen 9976',
      '--listen: "9976" is no address to listen on. Write it as :port, address:port such as 127.0.0.1:9976 or [::1]:9976, or none; a port is at most 65535.',
    ],
    ['doktor', 'unexpected argument "doktor". Did you mean doctor, in front of all flags?'],
    ['--once doctor', 'unexpected argument "doctor". Did you mean doctor, in front of all flags?'],
    ['doctor --once', "--once: doesn't go with doctor. Run one after the other: doctor changes nothing."],
    ['doctor --yes', '--yes: works only together with --probe-pods. Add --probe-pods, or leave --yes out.'],
    [
      'doctor --probe-count 5',
      '--probe-count: works only together with --probe. Add --probe, or leave --probe-count out.',
    ],
    [
      'doctor --probe --probe-rate 0',
      '--probe-rate: "0" is no number from 1 to 1000. Write --probe-rate 50, or leave it out for that.',
    ],
    ['doctor --probe --probe-time 1h', '--probe-time: 1h is not from 100ms to 10m. Write --probe-time 30s.'],
    [
      'doctor --probe-pods --probe-image a;b',
      `--probe-image: "a;b" is no image. Write it as registry/repository:tag, or agent for the image of Cilium's agent.`,
    ],
    ['doctor --probe --from x', "--probe: doesn't go with --from. Keep one of them: files answer no connection."],
    ['--once --only kpr-off', '--only: works only together with doctor. Add doctor, or leave --only out.'],
    ['doctor -o htm', '--output: "htm" is no choice. Did you mean html? Choices: table, json, html.'],
    ['--once -o html', '--output: "html" is no choice. Choices: table, json.'],
    ['doctor --from', '--from: needs a value. Write --from FOLDER.'],
    ['--once --from x', '--from: works only together with doctor. Add doctor, or leave --from out.'],
    ['doctor --from x --context y', "--context: doesn't go with --from. Keep one of them: --from asks no cluster."],
    ['doctor --cloud no', '--cloud: "no" is no choice. Choices: true, false.'],
    ['doctor --only', '--only: needs a value. Write --only CHECK.'],
    ['--adopt auto,a/b=c/d', "--adopt: auto and a/b=c/d don't go together. Keep one of them."],
    [
      '--adopt a/b=c/d,a/b=c/e',
      '--adopt: a/b is given to c/d and to c/e. One entrypoint serves one Gateway: make a second Service for the other.',
    ],
  ])('explains %s', (line, problem) => {
    expect(problemOf(line)).toBe(`command line: ${problem}`);
  });

  it('tells all problems at once', () => {
    expect(problemOf('--onec --wait soon --output xml x')).toBe(
      [
        'command line: 4 problems',
        '  --onec: no such flag. Did you mean --once?',
        '  unexpected argument "x". Everything else is said with flags: see --help.',
        '  --wait: "soon" is no duration. Write hours, minutes and seconds like 30s, 10m or 1h30m.',
        '  --output: "xml" is no choice. Choices: table, json.',
      ].join('\n'),
    );
  });

  it('never fails with anything but a UsageError', () => {
    const word = fc.oneof(
      fc.constantFrom(...Object.keys(FLAGS).map((name) => `--${name}`), '--', '-', '-oy', '-yo', 'a/b=c/d', '1s'),
      fc.string({ maxLength: 8 }),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 6 }), (words) => {
        try {
          parseCommandLine(words);
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('the flags of probes', () => {
  it('have sane defaults, and take what is given', () => {
    expect(parseCommandLine(['doctor', '--probe'])).toMatchObject({
      probe: { count: 20, perSecond: 50, timeMs: 30_000, timeoutMs: 2_000 },
      probePods: undefined,
    });
    expect(parseCommandLine(['doctor'])).toMatchObject({ probe: undefined, probePods: undefined });
    const line = '--probe-pods --probe-nodes 3 --probe-image agent --probe-namespace ops --probe-targets a.b,c.d -y';
    expect(parseCommandLine(['doctor', ...line.split(' ')])).toMatchObject({
      probePods: { nodes: 3, image: 'agent', namespace: 'ops', names: ['a.b', 'c.d'], yes: true },
    });
  });
});

describe('the environment', () => {
  it('names file and context where no flag does', () => {
    const env = { CCB_CONFIG: '/etc/c.yaml', CCB_CONTEXT: 'prod' };
    expect(parseCommandLine([], env)).toMatchObject({ config: '/etc/c.yaml', context: 'prod' });
    expect(parseCommandLine(['--config', 'mine.yaml', '--context', 'test'], env)).toMatchObject({
      config: 'mine.yaml',
      context: 'test',
    });
    expect(parseCommandLine([], { CCB_CONFIG: '', CCB_CONTEXT: '' })).toMatchObject({
      config: undefined,
      context: undefined,
    });
  });
});
