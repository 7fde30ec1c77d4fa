import { expect, test } from 'vitest';
import { proxyFromEnvironment } from '../../src/lib/proxy.ts';

const PROXY = 'http://proxy.example:3128';

test.each([
  ['https://api.example', { HTTPS_PROXY: PROXY }, PROXY],
  ['https://api.example', { https_proxy: 'proxy.example:3128' }, PROXY],
  ['https://api.example', { HTTP_PROXY: PROXY }, ''],
  ['http://api.example', { HTTP_PROXY: PROXY }, PROXY],
  ['https://api.example', {}, ''],
  ['https://127.0.0.1:6443', { HTTPS_PROXY: PROXY }, ''],
  ['https://[::1]:6443', { HTTPS_PROXY: PROXY }, ''],
  ['https://localhost:6443', { HTTPS_PROXY: PROXY }, ''],
])('%s with %j goes through %j', (server, env, expected) => {
  expect(proxyFromEnvironment(new URL(server), env)).toBe(expected);
});

test.each([
  ['https://api.example', 'example', true],
  ['https://api.example', '.example', true],
  ['https://api.example', '*.example', true],
  ['https://example', '.example', false],
  ['https://api.example', 'API.EXAMPLE', true],
  ['https://notexample', 'example', false],
  ['https://api.example', 'other, api.example', true],
  ['https://api.example', 'other api.example', true],
  ['https://api.example', '*', true],
  ['https://api.example:6443', 'api.example:6443', true],
  ['https://api.example', 'api.example:443', true],
  ['https://api.example:6443', 'api.example:443', false],
  ['https://10.96.0.1', '10.96.0.0/12', true],
  ['https://10.112.0.1', '10.96.0.0/12', false],
  ['https://10.96.0.1', '10.96.0.1', true],
  ['https://10.96.0.1', '10.96.0.0/99', false],
  ['https://10.96.0.1', 'nonsense/12', false],
  ['https://[fd00::1]', 'fd00::/8', true],
  ['https://[fd00::1]:6443', '[fd00::1]:6443', true],
  ['https://10.96.0.1', 'fd00::/8', false],
  ['https://api.example', '', false],
])('%s is exempt by NO_PROXY=%s: %s', (server, noProxy, exempt) => {
  const proxy = proxyFromEnvironment(new URL(server), { HTTPS_PROXY: PROXY, NO_PROXY: noProxy });
  expect(proxy === '').toBe(exempt);
});
