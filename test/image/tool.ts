import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { runCommand } from '../control-plane/command.ts';
import { buildOwnPrograms, ownProgramPath } from '../control-plane/own-program.ts';

/** The repository. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const DOCKERFILE = fileURLToPath(new URL('../../deploy/Dockerfile', import.meta.url));

const TOOL = { name: 'image-dockerfile', folder: fileURLToPath(new URL('dockerfile', import.meta.url)) };

const Copy = z.object({ from: z.string(), sources: z.array(z.string()), target: z.string() });
const ImageConfig = z.object({
  User: z.string().default(''),
  Env: z.array(z.string()).default([]),
  Entrypoint: z.array(z.string()).default([]),
  Cmd: z.array(z.string()).default([]),
  WorkingDir: z.string().default(''),
  Labels: z.record(z.string(), z.string()).default({}),
  ExposedPorts: z.record(z.string(), z.unknown()).default({}),
});
const DockerfileReport = z.object({
  findings: z.array(z.object({ rule: z.string(), detail: z.string(), line: z.number() })),
  error: z.string().optional(),
  stages: z.array(
    z.object({
      name: z.string(),
      base: z.string(),
      platform: z.string(),
      copies: z.array(Copy),
      runs: z.array(z.string()),
    }),
  ),
  images: z.record(z.string(), ImageConfig),
});

/** One COPY; `from` is empty for the build context. */
export type Copy = z.infer<typeof Copy>;
/** As the OCI image specification has it: `User`, `Env`, `Entrypoint`, … */
export type ImageConfig = z.infer<typeof ImageConfig>;
/** What BuildKit makes of a Dockerfile: findings of `docker build --check`, stages, the image of each platform. */
export type DockerfileReport = z.infer<typeof DockerfileReport>;

/** Builds the program that asks BuildKit's own code, where it is missing. */
export async function buildTool(): Promise<void> {
  await buildOwnPrograms([TOOL], (line) => console.error(line));
}

/** @param args build arguments */
export async function checkDockerfile(
  file: string,
  args: Readonly<Record<string, string>> = {},
): Promise<DockerfileReport> {
  const flags = Object.entries(args).flatMap(([name, value]) => ['-arg', `${name}=${value}`]);
  return DockerfileReport.parse(await ask('check', ...flags, file));
}

/** Files of the build context, below the repository, as BuildKit's client sends them. */
export async function contextFiles(): Promise<readonly string[]> {
  return z.array(z.string()).parse(await ask('context', ROOT));
}

/** The profile `RuntimeDefault` of containerd, as an OCI runtime takes it. */
export async function runtimeDefaultSeccomp(): Promise<unknown> {
  return await ask('seccomp');
}

async function ask(...words: readonly string[]): Promise<unknown> {
  return JSON.parse(await runCommand(ownProgramPath(TOOL), words));
}
