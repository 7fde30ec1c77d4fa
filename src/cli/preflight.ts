import type { Config } from '../config/config.types.ts';
import { trimService } from '../gateway/models/service.ts';
import { asString, at } from '../kube/read.ts';
import { readAll } from '../kube/read-all.ts';
import { NODES, SERVICES } from '../kube/resources.ts';
import type { Clock } from '../lib/clock.ts';
import type { Environment } from '../lib/environment.ts';
import type { Logger } from '../lib/logger.ts';
import { type CloudReport, SOME, tryCloud } from '../rights/cloud.ts';
import { createCloudCalls } from '../rights/cloud-calls.ts';
import { featuresOf, rightsNeeded } from '../rights/needed.ts';
import { askRights, type RightsReport, rightsProblems } from '../rights/preflight.ts';
import { findCloud } from './cloud.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { type ConnectedCluster, whereOf } from './session.ts';

/** What `--preflight` found. */
export interface Preflight {
  readonly where: string;
  readonly rights: RightsReport;
  readonly cloud: CloudReport;
}

/**
 * Asks for every right and every action of the cloud that the controller with this configuration would need. Writes nothing.
 * @throws the signal's reason; nothing else
 */
export async function runPreflight(
  cluster: ConnectedCluster,
  config: Config,
  { clock, logger, env }: { readonly clock: Clock; readonly logger: Logger; readonly env: Environment },
  signal: AbortSignal,
): Promise<Preflight> {
  const { client, place } = cluster;
  const done = new AbortController();
  const during = AbortSignal.any([signal, done.signal]);
  try {
    const [rights, services, nodes] = await Promise.all([
      askRights(client, rightsNeeded(featuresOf(config, place.namespace)), signal),
      readAll(client, SERVICES, { signal }, trimService),
      readAll(client, NODES, { signal, most: SOME }, (raw) => asString(at(raw, 'metadata', 'name'))),
    ]);
    const nodeNames = nodes.ok ? nodes.items : [];
    const calls = createCloudCalls();
    const options = { client, nodeNames: () => nodeNames, config: config.cloud, env, clock, logger };
    const access = await findCloud(
      { ...options, tryCredentials: false, onCall: (_, seen) => calls.note(seen) },
      during,
    );
    const trial = { client, access, calls, services: services.ok ? services.items : [], nodeNames };
    const cloud = await tryCloud({ ...trial, checks: config.checks.enabled }, during);
    return { where: whereOf(cluster), rights, cloud };
  } finally {
    done.abort(); // ends the connections to the cloud
  }
}

/** 1 unless every right is there. What a cloud refuses is unknown, no failure: the controller does without. */
export function preflightCode({ rights: { missing, unknown } }: Preflight): ExitCode {
  return missing.length === 0 && unknown === undefined ? EXIT.ok : EXIT.error;
}

/** For people, with the rules that mend what is missing. */
export function renderPreflight({ where, rights, cloud }: Preflight): string {
  const { missing, unknown } = rights;
  const lines = [
    where,
    kubernetesLine(rights),
    ...rightsProblems(missing).map(({ at: part, what, fix }) => `  ${part}: ${what}. ${fix}`),
    ...(unknown === undefined
      ? []
      : [`  ${unknown.count} could not be asked for: ${unknown.error.message} ${unknown.fix}`]),
    ...cloudLines(cloud),
  ];
  return `${lines.join('\n')}\n`;
}

function kubernetesLine({ asked, missing, unknown }: RightsReport): string {
  if (missing.length > 0) return `Kubernetes: ${missing.length} of ${asked} rights are missing:`;
  const answered = asked - (unknown?.count ?? 0);
  return `Kubernetes: of ${asked} rights ${answered} are there, none is known to be missing.`;
}

function cloudLines(cloud: CloudReport): readonly string[] {
  if (cloud.state === 'not-asked') return [`Cloud: not asked: ${cloud.why}`];
  const { title, asked, refused, policy, failed, untried } = cloud;
  return [
    refused.length === 0
      ? `Cloud: ${title} refuses nothing; ${asked} actions were asked for.`
      : `Cloud: ${title} refuses ${refused.length} of ${asked} actions that were asked for; what needs them is unknown, the rest goes on:`,
    ...refused.map(({ message }) => `  ${message}`),
    ...(policy === undefined ? [] : [`  This policy allows them: ${policy}`]),
    ...failed.map(({ message }) => `  No answer: ${message}`),
    ...(untried.length === 0 ? [] : [`  Not asked, since nothing here needs it now: ${untried.join(', ')}`]),
  ];
}
