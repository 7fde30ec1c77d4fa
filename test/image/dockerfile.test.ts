import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildTool, checkDockerfile, contextFiles, DOCKERFILE, type DockerfileReport } from './tool.ts';

const PLATFORMS = ['linux/amd64', 'linux/arm64'];
const GOOD = readFileSync(DOCKERFILE, 'utf8');
const ARGS = { VERSION: '1.2.3', REVISION: 'abc', CREATED: '2026-11-26T00:00:00Z', SOURCE: 'https://example.com/a' };

let folder: string;
let report: DockerfileReport;
beforeAll(async () => {
  await buildTool();
  folder = mkdtempSync(join(tmpdir(), 'ccb-dockerfile-'));
  report = await checkDockerfile(DOCKERFILE);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What BuildKit says of the Dockerfile with a change. */
async function checkChanged(from: string | RegExp, to: string): Promise<DockerfileReport> {
  const changed = GOOD.replace(from, to);
  expect(changed).not.toBe(GOOD);
  const file = join(folder, 'Dockerfile');
  writeFileSync(file, changed);
  return await checkDockerfile(file);
}

test('BuildKit finds nothing in the Dockerfile', () => {
  expect(report.findings).toEqual([]);
  expect(report.error).toBeUndefined();
});

describe('BuildKit finds', () => {
  test.each([
    ['a variable that nobody sets', 'version="$VERSION"', 'version="$VERSOIN"', 'UndefinedVar'],
    ['an entrypoint that needs a shell', /^ENTRYPOINT .*$/m, 'ENTRYPOINT node /app/x.js', 'JSONArgsRecommended'],
    ['a base of no name', 'FROM $BASE_IMAGE', 'FROM $BSAE_IMAGE', 'UndefinedArgInFrom'],
    ['a secret in the image', 'ENV MALLOC_ARENA_MAX=1', 'ENV AWS_SECRET_ACCESS_KEY=1', 'SecretsUsedInArgOrEnv'],
    [
      'a platform that is fixed',
      '--platform=$BUILDPLATFORM',
      '--platform=linux/amd64',
      'FromPlatformFlagConstDisallowed',
    ],
    ['two entrypoints', /^ENTRYPOINT .*$/m, '$&\n$&', 'MultipleInstructionsDisallowed'],
    ['a folder without a root', 'WORKDIR /src', 'WORKDIR src', 'WorkdirRelativePath'],
  ])('%s', async (_, from, to, rule) => {
    expect((await checkChanged(from, to)).findings.map((finding) => finding.rule)).toContain(rule);
  });

  test.each([
    ['an instruction that there is not', /^USER /m, 'USRE ', 'unknown instruction: USRE'],
    ['a base without a name', '# Node 25', 'FROM\n# Node 25', 'FROM requires either one or three arguments'],
    ['a flag that there is not', 'COPY --from=node /usr/local/bin', 'COPY --form=node /usr/local/bin', 'unknown flag'],
  ])('%s: no image at all', async (_, from, to, message) => {
    expect((await checkChanged(from, to)).error).toContain(message);
  });
});

test('the images of both platforms are alike', () => {
  expect(Object.keys(report.images)).toEqual(PLATFORMS);
  expect(report.images['linux/arm64']).toEqual(report.images['linux/amd64']);
});

test('what differs from build to build comes from arguments, and is said in labels', async () => {
  const { images } = await checkDockerfile(DOCKERFILE, ARGS);
  const { 'org.opencontainers.image.description': description, ...labels } = images['linux/amd64']?.Labels ?? {};
  expect(description).toMatch(/^Makes Cilium's Gateway API work/);
  expect(labels).toEqual({
    'org.opencontainers.image.title': 'cilium-cloud-bridge',
    'org.opencontainers.image.licenses': 'Apache-2.0',
    'org.opencontainers.image.version': ARGS.VERSION,
    'org.opencontainers.image.revision': ARGS.REVISION,
    'org.opencontainers.image.created': ARGS.CREATED,
    'org.opencontainers.image.source': ARGS.SOURCE,
  });
});

test('the last stage runs nothing, so that no platform is emulated and no shell is needed', () => {
  const { runs, copies } = report.stages.at(-1) ?? { runs: ['?'], copies: [] };
  expect(runs).toEqual([]);
  expect(copies.map(({ from }) => from)).toEqual(['node', 'node', 'node', '', 'build']);
});

test('the program is built once, on the platform of the builder', () => {
  expect(report.stages.map(({ name, platform }) => [name, platform])).toEqual([
    ['build', '$BUILDPLATFORM'],
    ['node', ''],
    ['', ''],
  ]);
});

test('the context holds what is copied, and no more: no history, no node_modules, no dist', async () => {
  const files = await contextFiles();
  const copied = report.stages.flatMap(({ copies }) =>
    copies.filter(({ from }) => from === '').flatMap(({ sources }) => sources),
  );
  const isCopied = (file: string): boolean => copied.some((source) => file === source || file.startsWith(`${source}/`));
  expect(files.filter((file) => !isCopied(file))).toEqual([]);
  expect(copied.filter((source) => !files.some((file) => file === source || file.startsWith(`${source}/`)))).toEqual(
    [],
  );
  expect(files).toContain('src/main.ts');
});
