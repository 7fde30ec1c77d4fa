import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { ColorEnvironment } from '../../src/cli/color.ts';
import { createLogger, type LogLevel } from '../../src/cli/log.ts';
import { KubeError } from '../../src/kube/errors.ts';
import type { Logger } from '../../src/lib/logger.ts';

interface Setup {
  readonly logger: Logger;
  /** What was written so far. */
  readonly text: () => string;
}

function setUp(level: LogLevel, isTTY: boolean, env: ColorEnvironment = {}): Setup {
  const chunks: string[] = [];
  const stream = { isTTY, write: (text: string): number => chunks.push(text) };
  return { logger: createLogger({ level, stream, env }), text: () => chunks.join('') };
}

function lines(text: string): Record<string, unknown>[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => z.record(z.string(), z.unknown()).parse(JSON.parse(line)));
}

const FORBIDDEN = new KubeError('PATCH services/status kube-system/entry: 403', {
  category: 'forbidden',
  status: 403,
  reason: 'Forbidden',
  operation: 'PATCH services/status kube-system/entry',
  cause: new Error('Authorization: Bearer hunter2'),
});

describe('the logger without a terminal', () => {
  it('writes one JSON object a line, fields before the message', () => {
    const { logger, text } = setUp('info', false);
    logger.info({ gateway: 'default/web', port: 31544 }, 'target port synced');
    const { time, ...rest } = lines(text())[0] ?? {};
    expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(rest).toEqual({ level: 'info', gateway: 'default/web', port: 31544, msg: 'target port synced' });
  });

  it('leaves out what is below its level', () => {
    const { logger, text } = setUp('warn', false);
    logger.debug({}, 'a');
    logger.info({}, 'b');
    logger.warn({}, 'c');
    logger.error({}, 'd');
    expect(lines(text()).map(({ msg }) => msg)).toEqual(['c', 'd']);
  });

  it('writes errors with their category, operation and causes, without secrets and stack', () => {
    const { logger, text } = setUp('info', false);
    logger.error({ error: FORBIDDEN }, 'write failed');
    expect(lines(text())[0]?.err).toEqual({
      type: 'KubeError',
      message: 'PATCH services/status kube-system/entry: 403',
      category: 'forbidden',
      operation: 'PATCH services/status kube-system/entry',
      status: 403,
      reason: 'Forbidden',
      cause: { type: 'Error', message: 'Authorization: [redacted]' },
    });
  });

  it.each(['debug', 'trace'] as const)('adds the stack at level %s', (level) => {
    const { logger, text } = setUp(level, false);
    logger.warn({ err: FORBIDDEN }, 'write failed');
    expect(lines(text())[0]?.err).toHaveProperty('stack');
  });

  it('redacts at level trace as anywhere, and writes it only where it is asked for', () => {
    const { logger, text } = setUp('trace', false);
    logger.trace({ secretKey: 'hunter2' }, 'Authorization: hunter2');
    expect(lines(text())).toMatchObject([
      { level: 'trace', secretKey: '[redacted]', msg: 'Authorization: [redacted]' },
    ]);
    const quiet = setUp('debug', false);
    quiet.logger.trace({}, 'a step');
    expect(quiet.text()).toBe('');
  });

  it('redacts fields and the message', () => {
    const { logger, text } = setUp('info', false);
    logger.info({ headers: { 'X-Auth-Token': 'hunter2' }, url: 'https://u:hunter2@h/' }, 'token=hunter2');
    expect(text()).not.toContain('hunter2');
  });

  it('keeps its own keys when a field has their name', () => {
    const { logger, text } = setUp('info', false);
    logger.info({ level: 9, time: 'x', msg: 'y' }, 'real');
    expect(lines(text())[0]).toMatchObject({ level: 'info', msg: 'real', level_: 9, time_: 'x', msg_: 'y' });
    expect(text().match(/"msg":/g)).toHaveLength(1);
  });

  it('lets no control character through that JSON would leave as it is', () => {
    const { logger, text } = setUp('info', false);
    logger.info({ name: '\u009b2J\u202e' }, 'a\u007fb\u2028');
    expect(text()).toContain('"name":"\\u009b2J\\u202e","msg":"a\\u007fb\\u2028"');
    expect(lines(text())[0]).toMatchObject({ name: '\u009b2J\u202e', msg: 'a\u007fb\u2028' });
  });

  it('colours nothing, whatever the environment', () => {
    const { logger, text } = setUp('info', false, { FORCE_COLOR: '1' });
    logger.info({}, 'a');
    expect(text()).not.toContain('\u001B');
  });
});

describe('the logger on a terminal', () => {
  function plain(level: LogLevel, write: (logger: Logger) => void): string {
    const { logger, text } = setUp(level, true, { NO_COLOR: '1' });
    write(logger);
    return text().replace(/^\d\d:\d\d:\d\d/gm, 'hh:mm:ss');
  }

  it('writes a line for people', () => {
    const text = plain('info', (logger) =>
      logger.info({ gateway: 'default/web', addresses: ['203.0.113.20'], note: 'a b' }, 'address published'),
    );
    expect(text).toBe(
      'hh:mm:ss INFO  address published  gateway=default/web  addresses=["203.0.113.20"]  note="a b"\n',
    );
  });

  it('writes what a write changed as before → after', () => {
    const changes = [
      { field: 'spec.ports[80].targetPort', before: 32546, after: 31597 },
      { field: 'status.loadBalancer.ingress', after: [{ ip: '203.0.113.20' }] },
      { field: 'metadata.annotations[a]', before: 'b', after: undefined },
    ];
    expect(plain('info', (logger) => logger.info({ changes, reason: 'TargetPortSynced' }, 'written'))).toBe(
      'hh:mm:ss INFO  written  spec.ports[80].targetPort: 32546 → 31597  status.loadBalancer.ingress: [{ip: 203.0.113.20}]  metadata.annotations[a]: b → gone  reason=TargetPortSynced\n',
    );
  });

  it('writes an error under its line, each cause indented once more', () => {
    expect(plain('info', (logger) => logger.error({ err: FORBIDDEN }, 'write failed'))).toBe(
      [
        'hh:mm:ss ERROR write failed',
        '  KubeError: PATCH services/status kube-system/entry: 403  category=forbidden  operation="PATCH services/status kube-system/entry"  status=403  reason=Forbidden',
        '    Error: Authorization: [redacted]',
        '',
      ].join('\n'),
    );
  });

  it('lets no escape sequence of a cluster through', () => {
    const text = plain('info', (logger) => logger.info({ name: '\u001B[2Jx' }, 'a\u001B]0;title\u0007'));
    expect(text).toBe('hh:mm:ss INFO  a\\u001b]0;title\\u0007  name=\\u001b[2Jx\n');
  });

  it('is coloured unless NO_COLOR or a dumb terminal says otherwise', () => {
    function isColored(env: ColorEnvironment): boolean {
      const { logger, text } = setUp('info', true, env);
      logger.warn({}, 'a');
      return text().includes('\u001B[33mWARN');
    }
    expect(isColored({})).toBe(true);
    expect(isColored({ NO_COLOR: '1' })).toBe(false);
    expect(isColored({ NO_COLOR: '' })).toBe(true);
    expect(isColored({ TERM: 'dumb' })).toBe(false);
    expect(isColored({ NO_COLOR: '1', FORCE_COLOR: '1' })).toBe(true);
    expect(isColored({ FORCE_COLOR: '0' })).toBe(false);
  });
});
