/** One line, or one group of lines, of a panel. */
interface Query {
  /** PromQL. `$job` is the dashboard's variable, `$__rate_interval` Grafana's. */
  readonly expr: string;
  /** Grafana's notation: `{{verb}}`. */
  readonly legend: string;
}

export interface PanelSpec {
  readonly title: string;
  /** One sentence: what it shows, and what is wrong with it when it is wrong. */
  readonly description: string;
  readonly kind: 'stat' | 'lines';
  /** Of Grafana's units. */
  readonly unit: 'none' | 'short' | 's' | 'ops' | 'bytes' | 'percentunit';
  readonly queries: readonly Query[];
  /** Where the thing becomes bad: from here on a stat is red, and lines have a mark. */
  readonly bad?: number;
  /** A stat that is bad below that, not above it. */
  readonly badBelow?: boolean;
  /** So many lines that their names stand beside them, in a list that scrolls. */
  readonly many?: boolean;
}

const JOB = 'job=~"$job"';
/** Of client-go's names, which other programs of the job's pattern may use, too. */
const OWN_ONLY = `and on (job, instance) cilium_cloud_bridge_build_info{${JOB}}`;
const RATE = '[$__rate_interval]';

function own(name: string, labels = ''): string {
  return `cilium_cloud_bridge_${name}{${[JOB, labels].filter((part) => part !== '').join(',')}}`;
}

function rateBy(by: string, name: string, labels = ''): string {
  return `sum by (${by}) (rate(${own(name, labels)}${RATE}))`;
}

function quantile(share: number, by: string, name: string): string {
  return `histogram_quantile(${share}, sum by (${by}, le) (rate(${name}_bucket{${JOB}}${RATE})))`;
}

/** The dashboard, row by row. */
export const ROWS: readonly { readonly title: string; readonly panels: readonly PanelSpec[] }[] = [
  {
    title: 'At a glance',
    panels: [
      {
        title: 'Leaders',
        description: 'One controller leads. None: nothing is written. Two: they use different Leases.',
        kind: 'stat',
        unit: 'none',
        queries: [{ expr: `sum(leader_election_master_status{${JOB}} ${OWN_ONLY})`, legend: '' }],
        bad: 1,
        badBelow: true,
      },
      {
        title: 'Checks that fail',
        description: 'Facts with the verdict fail, from each pass and from the scheduled checks of doctor.',
        kind: 'stat',
        unit: 'none',
        queries: [{ expr: `sum(${own('findings', 'verdict="fail"')}) or vector(0)`, legend: '' }],
        bad: 1,
      },
      {
        title: 'Writes that rest',
        description: 'Another writer undoes them: the Event SecondWriter names it.',
        kind: 'stat',
        unit: 'none',
        queries: [{ expr: `sum(${own('hold_offs')})`, legend: '' }],
        bad: 1,
      },
      {
        title: 'Lag of redirect copies',
        description: 'For how long the copy that is furthest behind has differed from its source.',
        kind: 'stat',
        unit: 's',
        queries: [{ expr: `max(${own('redirect_copy_max_lag_seconds')})`, legend: '' }],
        bad: 60,
      },
      {
        title: 'Oldest watch',
        description: 'Time since the last sign of life. Beyond 180 s the controller is not ready.',
        kind: 'stat',
        unit: 's',
        queries: [{ expr: `max(${own('watch_age_seconds')})`, legend: '' }],
        bad: 180,
      },
      {
        title: 'Since the last success',
        description: 'Of the task that is furthest behind.',
        kind: 'stat',
        unit: 's',
        queries: [
          {
            expr: `max(time() - max by (task) (${own('last_success_timestamp_seconds', 'task!="cloud"')}))`,
            legend: '',
          },
        ],
        bad: 2100,
      },
    ],
  },
  {
    title: 'Work',
    panels: [
      {
        title: 'Writes',
        description: 'By kind and result. What is refused or fails has a reason in the log.',
        kind: 'lines',
        unit: 'ops',
        queries: [{ expr: `${rateBy('kind, result', 'actions_total')} > 0`, legend: '{{kind}} {{result}}' }],
        many: true,
      },
      {
        title: 'Writes to Services',
        description: 'Each costs about 100 ms of refused connections where Envoy serves the Service.',
        kind: 'lines',
        unit: 'ops',
        queries: [{ expr: rateBy('kind', 'service_writes_total'), legend: '{{kind}}' }],
      },
      {
        title: 'Redirect copies behind',
        description: 'For how long they have differed from their source: the longest, and the worst 20 by name.',
        kind: 'lines',
        unit: 's',
        queries: [
          { expr: `max(${own('redirect_copy_max_lag_seconds')})`, legend: 'longest' },
          { expr: `max by (copy) (${own('redirect_copy_lag_seconds')})`, legend: '{{copy}}' },
        ],
        bad: 60,
      },
      {
        title: 'Copies follow within',
        description: 'From the look that saw a difference to the written copy.',
        kind: 'lines',
        unit: 's',
        queries: [
          {
            expr: `histogram_quantile(0.5, sum by (le) (rate(cilium_cloud_bridge_redirect_copy_follow_seconds_bucket{${JOB}}${RATE})))`,
            legend: 'median',
          },
          {
            expr: `histogram_quantile(0.99, sum by (le) (rate(cilium_cloud_bridge_redirect_copy_follow_seconds_bucket{${JOB}}${RATE})))`,
            legend: '99 %',
          },
        ],
      },
      {
        title: 'Queue',
        description: 'Subjects that wait to be written to, those put off, and redirect copies behind their source.',
        kind: 'lines',
        unit: 'short',
        queries: [
          { expr: `max(${own('redirect_copies_behind')})`, legend: 'copies behind' },
          { expr: `sum by (name) (workqueue_depth{${JOB}} ${OWN_ONLY})`, legend: '{{name}} waiting' },
          {
            expr: `sum by (name) (rate(workqueue_retries_total{${JOB}}${RATE}) ${OWN_ONLY})`,
            legend: '{{name}} put off a second',
          },
        ],
      },
      {
        title: 'Time in the queue and at work, 99 %',
        description: 'How long a subject waits for its turn, and how long its writes take.',
        kind: 'lines',
        unit: 's',
        queries: [
          { expr: quantile(0.99, 'name', 'workqueue_queue_duration_seconds'), legend: '{{name}} waiting' },
          { expr: quantile(0.99, 'name', 'workqueue_work_duration_seconds'), legend: '{{name}} at work' },
        ],
      },
      {
        title: 'Passes',
        description: 'Looks at everything a second, by result.',
        kind: 'lines',
        unit: 'ops',
        queries: [{ expr: rateBy('loop, result', 'passes_total'), legend: '{{loop}} {{result}}' }],
      },
      {
        title: 'Length of a pass, 99 %',
        description: 'How long a look and its plan take.',
        kind: 'lines',
        unit: 's',
        queries: [{ expr: quantile(0.99, 'loop', 'cilium_cloud_bridge_pass_duration_seconds'), legend: '{{loop}}' }],
      },
    ],
  },
  {
    title: 'What was found',
    panels: [
      {
        title: 'Checks that fail or warn',
        description: 'Facts by check. doctor --only <check> says the mend.',
        kind: 'lines',
        unit: 'none',
        queries: [
          {
            expr: `sum by (source, check, verdict) (${own('findings', 'verdict=~"fail|warn"')})`,
            legend: '{{check}} {{verdict}} ({{source}})',
          },
        ],
        many: true,
      },
      {
        title: 'Facts by verdict',
        description: 'unknown: something could not be read.',
        kind: 'lines',
        unit: 'none',
        queries: [{ expr: `sum by (verdict) (${own('findings')})`, legend: '{{verdict}}' }],
      },
      {
        title: 'Since each task went well',
        description: 'pass-…: looks of the loops; checks: doctor; cloud-audit: with every answer of the cloud.',
        kind: 'lines',
        unit: 's',
        queries: [{ expr: `time() - max by (task) (${own('last_success_timestamp_seconds')})`, legend: '{{task}}' }],
      },
      {
        title: 'Leader',
        description: 'Which process leads.',
        kind: 'lines',
        unit: 'none',
        queries: [{ expr: `leader_election_master_status{${JOB}} ${OWN_ONLY}`, legend: '{{instance}}' }],
      },
    ],
  },
  {
    title: 'Kubernetes',
    panels: [
      {
        title: 'Requests by status',
        description: '<error>: no answer at all. 409 is part of the work; 403 is a missing right.',
        kind: 'lines',
        unit: 'ops',
        queries: [{ expr: rateBy('code, result', 'kube_requests_total'), legend: '{{code}} {{result}}' }],
      },
      {
        title: 'Requests by resource',
        description: 'With subresource and group.',
        kind: 'lines',
        unit: 'ops',
        queries: [{ expr: rateBy('resource', 'kube_requests_total'), legend: '{{resource}}' }],
        many: true,
      },
      {
        title: 'Latency of requests, 99 %',
        description: 'Until the whole answer was read; of a watch, until it was accepted.',
        kind: 'lines',
        unit: 's',
        queries: [
          { expr: quantile(0.99, 'verb', 'cilium_cloud_bridge_kube_request_duration_seconds'), legend: '{{verb}}' },
        ],
      },
      {
        title: 'Age of watches',
        description: 'Time since the last sign of life.',
        kind: 'lines',
        unit: 's',
        queries: [{ expr: `max by (watch) (${own('watch_age_seconds')})`, legend: '{{watch}}' }],
        bad: 180,
        many: true,
      },
      {
        title: 'Lists and watches that fail',
        description: 'By what they read.',
        kind: 'lines',
        unit: 'ops',
        queries: [{ expr: rateBy('watch', 'watch_failures_total'), legend: '{{watch}}' }],
        many: true,
      },
      {
        title: 'Watches opened anew',
        description: 'The server ends each after 3 to 6 minutes; more often is trouble.',
        kind: 'lines',
        unit: 'ops',
        queries: [{ expr: rateBy('watch', 'watch_restarts_total'), legend: '{{watch}}' }],
        many: true,
      },
    ],
  },
  {
    title: 'Cloud',
    panels: [
      {
        title: 'Calls by result',
        description: 'throttled: too many for the account; denied and credentials: what the account lacks.',
        kind: 'lines',
        unit: 'ops',
        queries: [{ expr: rateBy('provider, result', 'cloud_requests_total'), legend: '{{provider}} {{result}}' }],
      },
      {
        title: 'Failures by action and code',
        description: "With the cloud's own code.",
        kind: 'lines',
        unit: 'ops',
        queries: [
          {
            expr: `${rateBy('action, result, code', 'cloud_requests_total', 'result!="ok"')} > 0`,
            legend: '{{action}} {{result}} {{code}}',
          },
        ],
      },
      {
        title: 'Latency of calls, 99 %',
        description: 'By the API that is called.',
        kind: 'lines',
        unit: 's',
        queries: [
          { expr: quantile(0.99, 'api', 'cilium_cloud_bridge_cloud_request_duration_seconds'), legend: '{{api}}' },
        ],
      },
      {
        title: 'Held back, 99 %',
        description: 'How long a call waits so as not to ask too often.',
        kind: 'lines',
        unit: 's',
        queries: [{ expr: quantile(0.99, 'api', 'cilium_cloud_bridge_cloud_limiter_wait_seconds'), legend: '{{api}}' }],
      },
    ],
  },
  {
    title: 'Process',
    panels: [
      {
        title: 'Memory',
        description: 'Resident, by process.',
        kind: 'lines',
        unit: 'bytes',
        queries: [{ expr: `process_resident_memory_bytes{${JOB}} ${OWN_ONLY}`, legend: '{{instance}}' }],
      },
      {
        title: 'Processor',
        description: 'Share of one core, by process.',
        kind: 'lines',
        unit: 'percentunit',
        queries: [{ expr: `rate(process_cpu_seconds_total{${JOB}}${RATE}) ${OWN_ONLY}`, legend: '{{instance}}' }],
      },
    ],
  },
];
