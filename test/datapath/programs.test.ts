import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { tryCommand } from '../control-plane/command.ts';

test.each(['envoy', 'client'])("the datapath's %s passes its own tests, go vet and gofmt", async (name) => {
  const options = { cwd: fileURLToPath(new URL(name, import.meta.url)), env: { GOTOOLCHAIN: 'local' } };
  expect(await tryCommand('gofmt', ['-l', '.'], options)).toMatchObject({ code: 0, stdout: '' });
  expect(await tryCommand('go', ['vet', './...'], options)).toMatchObject({ code: 0 });
  expect(await tryCommand('go', ['test', './...'], options)).toMatchObject({ code: 0 });
});
