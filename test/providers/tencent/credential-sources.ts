import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createCloudAgents } from '../../../src/providers/agents.ts';
import type { CredentialOptions } from '../../../src/providers/cloud.types.ts';
import type { CloudReader } from '../../../src/providers/provider.types.ts';
import { createCredentials } from '../../../src/providers/tencent/index.ts';
import type { FakeTencent } from '../../fake-clouds/tencent.ts';
import { fakeClock } from '../../kube/fake-clock.ts';
import { never } from './on-fake-tencent.ts';

/** A folder with these files, which goes when the test does. */
export function folder(files: Readonly<Record<string, string>>): string {
  const dir = mkdtempSync(join(tmpdir(), 'ccb-tencent-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(dir, name), content);
  return dir;
}

/** What sources have in common where nothing is given. */
export const BARE = {
  env: {},
  secretDirectory: '',
  instanceRole: false,
  region: 'ap-guangzhou',
  endpoints: { suffix: '', overrides: {} },
  clock: fakeClock(),
};

/** A source of credentials that asks the fake cloud. */
export function sourceOf({ endpoints }: FakeTencent, more: Partial<CredentialOptions>) {
  const agents = createCloudAgents({});
  onTestFinished(() => agents.close());
  return createCredentials({ ...BARE, endpoints, agents, ...more });
}

/** Asks one thing; each asks another one, since answers are kept. */
export function ask(reader: CloudReader, subnetsOf = 'vpc-1') {
  return reader.subnets(subnetsOf, never);
}

/** SecretId that the last request was signed with. */
export function lastKey(fake: FakeTencent): string {
  return /Credential=([^/]+)/.exec(fake.requests.at(-1)?.headers.authorization ?? '')?.[1] ?? '';
}
