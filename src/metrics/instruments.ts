import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** Prefix of what is this program's own; the rest has the names that client-go, controller-runtime and Prometheus use. */
const OWN = 'cilium_cloud_bridge_';

/** Of a write, a request or a pass, seconds. */
const QUICK = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** Of what may wait for others, seconds. */
const SLOW = [0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];

/** prom-client names the first three as if they were counters, which promtool refuses; the others say too little for their number. */
const LEFT_OUT = [
  'nodejs_active_resources_total',
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_handles',
  'nodejs_active_requests',
  'nodejs_heap_space_size_total_bytes',
  'nodejs_heap_space_size_used_bytes',
  'nodejs_heap_space_size_available_bytes',
  ...['min', 'max', 'mean', 'stddev', 'p50', 'p90', 'p99'].map((part) => `nodejs_eventloop_lag_${part}_seconds`),
];
/** Of the sampling behind those lags, milliseconds: nobody reads it, so it shall not wake an idle process. */
const LAG_SAMPLES_MS = 3_600_000;

export type Instruments = ReturnType<typeof createInstruments>;

/** Every metric, in a registry of its own. No label's values come from users or grow with the cluster, but where it says so. */
export function createInstruments() {
  const registry = new Registry();
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Counter({ name, help, labelNames, registers });
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Gauge({ name, help, labelNames, registers });
  const histogram = <L extends string>(name: string, help: string, labelNames: readonly L[], buckets: number[]) =>
    new Histogram({ name, help, labelNames, buckets, registers });

  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LAG_SAMPLES_MS });
  for (const name of LEFT_OUT) registry.removeSingleMetric(name);

  return {
    registry,
    buildInfo: gauge(`${OWN}build_info`, 'Always 1; the labels say what runs.', ['version', 'node_version']),
    leader: gauge('leader_election_master_status', 'Whether this process leads (1) or waits (0).', ['name']),
    lastSuccess: gauge(
      `${OWN}last_success_timestamp_seconds`,
      'When a task last went well, Unix time: pass-… (a look and its plan), checks (doctor, by the leader), cloud-audit (checks that could ask the cloud), cloud (any call).',
      ['task'],
    ),
    interval: gauge(`${OWN}task_interval_seconds`, 'How often the task is done at least, by the configuration.', [
      'task',
    ]),

    passes: counter(`${OWN}passes_total`, 'Looks at everything, each with a plan, by what became of them.', [
      'loop',
      'result',
    ]),
    passSeconds: histogram(`${OWN}pass_duration_seconds`, 'How long a look and its plan took.', ['loop'], QUICK),
    queueDepth: gauge('workqueue_depth', 'Subjects (a Gateway, a node) that wait to be written to.', ['name']),
    queueAdds: counter('workqueue_adds_total', 'Subjects that came to have something to be written.', ['name']),
    queueSeconds: histogram(
      'workqueue_queue_duration_seconds',
      'How long a subject waited for its turn.',
      ['name'],
      SLOW,
    ),
    workSeconds: histogram(
      'workqueue_work_duration_seconds',
      'How long the writes of a subject took.',
      ['name'],
      QUICK,
    ),
    retries: counter('workqueue_retries_total', 'Subjects or writes that were put off, to be tried again.', ['name']),
    unfinished: gauge(
      'workqueue_unfinished_work_seconds',
      'How long the writes under way have taken so far, together.',
      ['name'],
    ),
    longest: gauge(
      'workqueue_longest_running_processor_seconds',
      'How long the oldest of the writes under way has taken so far.',
      ['name'],
    ),

    actions: counter(
      `${OWN}actions_total`,
      'Writes by kind and result: applied; conflict (the object had changed: looked at again); refused (403, 422: not tried again until something changes); failed (tried again); declined (no longer the leader).',
      ['kind', 'result'],
    ),
    serviceWrites: counter(
      `${OWN}service_writes_total`,
      'Writes to Services by kind. Each costs about 100 ms of refused connections where Envoy serves the Service.',
      ['kind'],
    ),
    copiesBehind: gauge(`${OWN}redirect_copies_behind`, 'Redirect copies that differ from their source now.'),
    copyLag: gauge(
      `${OWN}redirect_copy_lag_seconds`,
      'For how long a redirect copy (namespace/name) has differed from its source; only those that do, the worst 20.',
      ['copy'],
    ),
    copyMaxLag: gauge(
      `${OWN}redirect_copy_max_lag_seconds`,
      'For how long the redirect copy that is furthest behind has been so; 0: every copy is as its source.',
    ),
    copyFollow: histogram(
      `${OWN}redirect_copy_follow_seconds`,
      'How long it took from the look that saw a difference to the written copy.',
      [],
      SLOW,
    ),
    holdOffs: gauge(`${OWN}hold_offs`, 'Writes that rest since another writer undoes them.', ['loop']),
    holdOffsStarted: counter(`${OWN}hold_offs_started_total`, 'Times that a second writer made us stop.', ['kind']),

    findings: gauge(
      `${OWN}findings`,
      'Facts that stand, by the check that found them and its verdict; source: controller (each pass) or doctor (scheduled). Only of the leader.',
      ['source', 'check', 'verdict'],
    ),
    checkRuns: counter(`${OWN}check_runs_total`, "Runs of doctor's checks by the leader.", ['result']),
    checkSeconds: gauge(`${OWN}check_duration_seconds`, "How long the last run of doctor's checks took."),

    configOk: gauge(
      `${OWN}config_last_reload_successful`,
      'Whether the configuration file, as it is now, can be used (1). 0: what was good before stays in force.',
    ),
    configChanged: gauge(
      `${OWN}config_last_change_timestamp_seconds`,
      'When a change of the configuration file last took effect, Unix time; 0: not since the start.',
    ),
    configWaiting: gauge(
      `${OWN}config_keys_waiting_for_restart`,
      'Keys of the configuration file whose new values take effect only after a restart.',
    ),
    missingRights: gauge(
      `${OWN}missing_rights`,
      'Rights in Kubernetes that a part of the program lacks and goes without; none: no series.',
      ['part'],
    ),

    watchAge: gauge(
      `${OWN}watch_age_seconds`,
      'Time since the last sign of life of a watch: event, bookmark, or list. Beyond 180 s /readyz fails.',
      ['watch'],
    ),
    watchSynced: gauge(`${OWN}watch_synced`, 'Whether a complete list was read (1).', ['watch']),
    watchRestarts: counter(
      `${OWN}watch_restarts_total`,
      'Times that a watch was opened anew: the server ends each after 3 to 6 min.',
      ['watch'],
    ),
    watchFailures: counter(`${OWN}watch_failures_total`, 'Lists and watches that failed.', ['watch']),

    kubeRequests: counter(
      `${OWN}kube_requests_total`,
      'Requests to the Kubernetes API by verb, resource, HTTP status (`<error>`: no answer) and result (ok, conflict, forbidden, throttled, unavailable, unreachable, timeout, …).',
      ['verb', 'resource', 'code', 'result'],
    ),
    kubeSeconds: histogram(
      `${OWN}kube_request_duration_seconds`,
      'How long requests to the Kubernetes API took; of a watch, until it was accepted.',
      ['verb'],
      QUICK,
    ),

    cloudRequests: counter(
      `${OWN}cloud_requests_total`,
      "Calls of the cloud's API by action, result (ok, throttled, denied, credentials, unavailable, …) and the cloud's own code of a failure.",
      ['provider', 'api', 'action', 'result', 'code'],
    ),
    cloudSeconds: histogram(
      `${OWN}cloud_request_duration_seconds`,
      "How long calls of the cloud's API took.",
      ['provider', 'api'],
      QUICK,
    ),
    cloudWait: histogram(
      `${OWN}cloud_limiter_wait_seconds`,
      'How long a call was held back so as not to ask too often.',
      ['provider', 'api'],
      SLOW,
    ),
  };
}
