import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSecretField, redactText, redactValue } from '../../src/lib/redact.ts';

const JWT = 'eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrdWJlcm5ldGVzIn0.c2lnbmF0dXJl';

describe('redactText', () => {
  it.each([
    ['Authorization: Bearer abc.def', 'Authorization: [redacted]'],
    ['{"authorization":"Basic dTpw"}', '{"authorization":"[redacted]"}'],
    ['got Bearer s3cret, then 401', 'got Bearer [redacted], then 401'],
    [`token ${JWT} expired`, 'token [redacted] expired'],
    ['https://user:pa%20ss@proxy:3128/', 'https://[redacted]@proxy:3128/'],
    ['X-Security-Token: gQpjbi1ub3J0aC0x', 'X-Security-Token: [redacted]'],
    ['?secretKey=abc&limit=5', '?secretKey=[redacted]&limit=5'],
    ['{"SecretId":"AKIDz8","Region":"ap"}', '{"SecretId":[redacted],"Region":"ap"}'],
    ["password='a b' rest", 'password=[redacted] rest'],
    ['SDK-HMAC-SHA256 Access=AK, SignedHeaders=host, Signature=ff', 'SDK-HMAC-SHA256 [redacted]'],
    ['TC3-HMAC-SHA256 Credential=AKID/2026-11-21/clb/tc3_request', 'TC3-HMAC-SHA256 [redacted]'],
    ['id AKIDz8krbsJ5yKBZQpn74WFkmLPx3', 'id [redacted]'],
    ['ak QWERTYUIOPASDF123456.', 'ak [redacted].'],
    ['sk aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3a', 'sk [redacted]'],
    ['-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----', '[redacted]'],
    ['-----BEGIN PRIVATE KEY-----\nMIIE cut off', '[redacted]'],
  ])('takes the secret out of %j', (text, safe) => {
    expect(redactText(text)).toBe(safe);
  });

  it.each([
    'PATCH services/status kube-system/gateway-entrypoint: the object has been modified',
    'secrets "tls" is forbidden: User "system:serviceaccount:kube-system:x" cannot get resource "secrets"',
    'invalid bearer token',
    'https://10.0.0.1:6443/api/v1/services?limit=500',
    'mail someone@example.com',
    'load balancer 3f1c4d7e-1f2a-4b3c-8d4e-1234567890ab',
    'commit 0123456789abcdef0123456789abcdef01234567',
    'the token file /var/run/secrets/kubernetes.io/serviceaccount/token was rotated',
  ])('leaves %j alone', (text) => {
    expect(redactText(text)).toBe(text);
  });

  it('cuts what is very long', () => {
    expect(redactText('x'.repeat(9000))).toBe(`${'x'.repeat(8000)}… (9000 characters)`);
  });
});

describe('isSecretField', () => {
  it.each([
    'password',
    'secret',
    'token',
    'securityToken',
    'X-Security-Token',
    'X-Auth-Token',
    'credential',
    'credentials',
    'secretKey',
    'SecretId',
    'SecretKey',
    'access_key',
    'Authorization',
    'client-key-data',
    'ak',
    'SK',
    'set-cookie',
  ])('knows %s', (name) => {
    expect(isSecretField(name)).toBe(true);
  });

  it.each(['secretName', 'task', 'tokens', 'gateway', 'targetPort', 'resourceVersion', 'key', 'disk'])(
    'leaves %s alone',
    (name) => {
      expect(isSecretField(name)).toBe(false);
    },
  );
});

describe('redactValue', () => {
  it('replaces secrets at any depth and keeps the rest', () => {
    const value = {
      request: { headers: { 'X-Auth-Token': 'abc', accept: 'json' }, list: [{ sk: 1 }, { name: 'web' }] },
      map: new Map([['password', 'p']]),
      headers: new Headers({ cookie: 'a=b' }),
      secret: { nested: 'x' },
      token: undefined,
      credentials: true,
    };
    expect(redactValue(value)).toEqual({
      request: {
        headers: { 'X-Auth-Token': '[redacted]', accept: 'json' },
        list: [{ sk: '[redacted]' }, { name: 'web' }],
      },
      map: { password: '[redacted]' },
      headers: { cookie: '[redacted]' },
      secret: '[redacted]',
      token: undefined,
      credentials: true,
    });
  });

  it('takes only known fields of errors, and the whole chain of causes', () => {
    const cause = Object.assign(new Error('connect Bearer abc'), {
      code: 'ECONNREFUSED',
      config: { headers: { 'x-custom': 'hunter2' } },
    });
    const error = new TypeError('outer', { cause });
    expect(redactValue({ error })).toEqual({
      error: {
        type: 'TypeError',
        message: 'outer',
        cause: { type: 'Error', message: 'connect Bearer [redacted]', code: 'ECONNREFUSED' },
      },
    });
  });

  it('writes stacks only where asked to', () => {
    const error = new Error('x');
    error.stack = 'Error: x\n    at f (a.ts:1:1)';
    expect(redactValue(error)).toEqual({ type: 'Error', message: 'x' });
    expect(redactValue(error, { stack: true })).toEqual({ type: 'Error', message: 'x', stack: error.stack });
  });

  it('copes with circles, depth, bytes, dates and getters that throw', () => {
    const circle: Record<string, unknown> = {
      date: new Date(0),
      bytes: new Uint8Array(3),
      big: 5n,
      bad: new Date('x'),
    };
    circle.self = circle;
    Object.defineProperty(circle, 'broken', {
      enumerable: true,
      get: () => {
        throw new Error('no');
      },
    });
    expect(redactValue(circle)).toEqual({
      date: '1970-01-01T00:00:00.000Z',
      bytes: '[3 bytes]',
      big: '5',
      bad: 'Invalid Date',
      self: '[circular]',
      broken: '[unreadable]',
    });
    const deep = Array.from({ length: 20 }).reduce<unknown>((inner) => ({ a: inner }), 'end');
    expect(JSON.stringify(redactValue(deep))).toContain('[deep]');
  });

  it('lets no planted secret through, wherever it is hidden', () => {
    const planted = 'hunter2hunter2';
    const carriers = fc.constantFrom<(value: unknown) => unknown>(
      (value) => ({ a: value }),
      (value) => [value, 1],
      (value) => new Map([['k', value]]),
      (value) => new Error('x', { cause: value }),
      (value) => new AggregateError([value], 'x'),
    );
    const hidden = fc.constantFrom<unknown>(
      { password: planted },
      { 'X-Security-Token': planted },
      `Authorization: Bearer ${planted}`,
      new Error(`secretKey=${planted}`),
      Object.assign(new Error('x'), { response: planted }),
    );
    fc.assert(
      fc.property(hidden, fc.array(carriers, { maxLength: 6 }), (secret, wrappers) => {
        const value = wrappers.reduce<unknown>((inner, wrap) => wrap(inner), secret);
        expect(JSON.stringify(redactValue({ value }, { stack: true }))).not.toContain(planted);
      }),
    );
  });
});
