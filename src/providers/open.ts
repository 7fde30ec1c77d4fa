import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CloudConfig } from '../config/config.types.ts';
import type { Clock } from '../lib/clock.ts';
import type { Environment } from '../lib/environment.ts';
import type { Logger } from '../lib/logger.ts';
import { createCloudAgents } from './agents.ts';
import { type CallSeen, createCaller } from './caller.ts';
import { type CloudFound, detectCloud, whichCloud } from './detect.ts';
import type { CloudAccess } from './open.types.ts';
import type { CloudName, ClusterHints } from './provider.types.ts';
import { CLOUDS, type OpenedReader } from './table.ts';

export interface OpenCloudOptions {
  readonly config: CloudConfig;
  readonly hints: ClusterHints;
  readonly env: Environment;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Try the credentials at once, so that the log says early what is wrong with them. Nobody waits for it. */
  readonly tryCredentials: boolean;
  /** Told of each call that was sent. */
  readonly onCall?: ((cloud: CloudName, seen: CallSeen) => void) | undefined;
}

/**
 * The cloud that the configuration or the cluster names, ready to be asked. Which it is, or what is missing, is said once
 * in the log, and the Kubernetes work goes on without it.
 * @param signal ends the connections
 */
export function openCloud(options: OpenCloudOptions, signal: AbortSignal): CloudAccess {
  const { config, hints, env, logger } = options;
  const { directory } = config.credentials;
  const given = (variable: string): string => env[variable]?.trim() || textOf(join(directory, variable));
  const found = detectCloud(config, hints, given);
  if (!('why' in found)) return openFound(found, options, signal);
  const which = whichCloud(config, hints);
  const wanted = 'name' in which && missingCredentials(which.name, options) === undefined;
  logger[wanted ? 'warn' : 'info']({ why: found.why }, 'the cloud is not asked');
  return { cloud: undefined, why: found.why, wanted };
}

function openFound(found: CloudFound, options: OpenCloudOptions, signal: AbortSignal): CloudAccess {
  const { logger, tryCredentials } = options;
  const { cloud, cloudFrom, region, regionFrom, projectId, vpcId, clusterId } = found;
  const { title } = CLOUDS[cloud];
  const where = { cloud, cloudFrom, region, regionFrom, ...(projectId === '' ? {} : { projectId }) };
  logger.info(where, 'the cloud of this cluster');
  const missing = (): string | undefined => missingCredentials(cloud, options);
  let opened: Promise<OpenedReader> | undefined;
  const open = (): Promise<OpenedReader> => {
    opened ??= openReader(found, options, signal);
    return opened;
  };
  const nothingGiven = missing();
  if (nothingGiven !== undefined) logger.info({ why: nothingGiven }, 'the cloud is not asked');
  else if (tryCredentials) tryOut(open, title, logger, signal);
  return {
    cloud,
    title,
    vpcId,
    clusterId,
    missingCredentials: missing,
    reader: async () => (await open()).reader,
    actions: async () => (await open()).actions,
  };
}

async function openReader(found: CloudFound, options: OpenCloudOptions, signal: AbortSignal): Promise<OpenedReader> {
  const { config, env, clock, logger, onCall } = options;
  const { cloud, region, projectId, clusterId = '' } = found;
  const agents = createCloudAgents(env);
  signal.addEventListener('abort', () => agents.close(), { once: true });
  const endpoints = { suffix: config.endpointSuffix, overrides: config.endpoints };
  const common = { region, endpoints, agents, clock };
  const { requestsPerSecond: perSecond, concurrentRequests: concurrent, timeoutMs: attemptMs } = config.limits;
  const { directory: secretDirectory, instanceRole } = config.credentials;
  const opened = await CLOUDS[cloud].open({
    credentials: { ...common, env, secretDirectory, instanceRole },
    reader: { ...common, projectId, clusterId },
    createCaller: (credentials) =>
      createCaller({
        credentials,
        clock,
        logger,
        limits: { perSecond, concurrent, attemptMs },
        onCall: (seen) => onCall?.(cloud, seen),
      }),
  });
  logger.info({ cloud, source: opened.credentials }, 'the cloud is asked, read-only');
  return opened;
}

function tryOut(open: () => Promise<OpenedReader>, title: string, logger: Logger, signal: AbortSignal): void {
  open()
    .then((opened) => opened.checkCredentials(signal))
    .catch((error: unknown) => {
      if (signal.aborted) return;
      const why = error instanceof Error ? error.message : String(error);
      logger.warn({ why }, `${title} cannot be asked`);
    });
}

/** What to give where nothing at all is given. Asked again and again, since a Secret may be mounted later. */
function missingCredentials(cloud: CloudName, { config, env }: OpenCloudOptions): string | undefined {
  const { directory, instanceRole } = config.credentials;
  const { title, credentialVariables, credentialHint } = CLOUDS[cloud];
  if (instanceRole) return undefined;
  const some = credentialVariables.some((name) => (env[name] ?? '') !== '' || existsSync(join(directory, name)));
  return some
    ? undefined
    : `no credentials of ${title} are given: set ${credentialHint}, or mount them at ${directory}`;
}

/** The text of a file, empty where there is none. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}
