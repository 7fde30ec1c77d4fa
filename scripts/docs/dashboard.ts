import { type PanelSpec, ROWS } from './dashboard-panels.ts';

export const DASHBOARD_FILE = 'deploy/chart/files/dashboard.json';

/** Of Grafana's grid, which is 24 wide. */
const WIDTH = 24;
const STAT = { w: 4, h: 4 };
const LINES = { w: 12, h: 8 };
const DATA_SOURCE = { type: 'prometheus', uid: '$datasource' };

/** `deploy/chart/files/dashboard.json`, as Grafana imports it. */
export function dashboard(): string {
  const panels: object[] = [];
  let y = 0;
  for (const row of ROWS) {
    panels.push({
      id: panels.length + 1,
      type: 'row',
      title: row.title,
      collapsed: false,
      panels: [],
      gridPos: { x: 0, y, w: WIDTH, h: 1 },
    });
    y += 1;
    let x = 0;
    let height = 0;
    for (const spec of row.panels) {
      const { w, h } = spec.kind === 'stat' ? STAT : LINES;
      if (x + w > WIDTH) {
        x = 0;
        y += height;
      }
      panels.push({ id: panels.length + 1, ...panelOf(spec), gridPos: { x, y, w, h } });
      x += w;
      height = h;
    }
    y += height;
  }
  return `${JSON.stringify(
    {
      uid: 'cilium-cloud-bridge',
      title: 'cilium-cloud-bridge',
      tags: ['cilium', 'gateway-api'],
      timezone: 'browser',
      schemaVersion: 39,
      version: 1,
      refresh: '30s',
      time: { from: 'now-1h', to: 'now' },
      templating: { list: [DATA_SOURCE_VARIABLE, JOB_VARIABLE] },
      panels,
    },
    null,
    2,
  )}\n`;
}

const DATA_SOURCE_VARIABLE = { name: 'datasource', type: 'datasource', query: 'prometheus', label: 'Data source' };

const JOB_VARIABLE = {
  name: 'job',
  type: 'query',
  label: 'Job',
  datasource: DATA_SOURCE,
  query: { query: 'label_values(cilium_cloud_bridge_build_info, job)', refId: 'job' },
  refresh: 2,
  includeAll: true,
  multi: true,
  current: { text: 'All', value: '$__all' },
};

const SHORT_LEGEND = { displayMode: 'list', placement: 'bottom' };
const LONG_LEGEND = { displayMode: 'table', placement: 'right', calcs: ['max'], sortBy: 'Max', sortDesc: true };

function panelOf({ title, description, kind, unit, queries, bad, badBelow = false, many = false }: PanelSpec): object {
  const steps = badBelow
    ? [
        { color: 'red', value: null },
        { color: 'green', value: bad },
      ]
    : [{ color: 'green', value: null }, ...(bad === undefined ? [] : [{ color: 'red', value: bad }])];
  return {
    type: kind === 'stat' ? 'stat' : 'timeseries',
    title,
    description,
    datasource: DATA_SOURCE,
    targets: queries.map(({ expr, legend }, index) => ({
      refId: String.fromCharCode('A'.charCodeAt(0) + index),
      datasource: DATA_SOURCE,
      expr,
      legendFormat: legend,
      ...(kind === 'stat' ? { instant: true } : {}),
    })),
    fieldConfig: {
      defaults: {
        unit,
        min: 0,
        thresholds: { mode: 'absolute', steps },
        ...(kind === 'stat'
          ? {}
          : {
              custom: {
                fillOpacity: 8,
                showPoints: 'never',
                thresholdsStyle: { mode: bad === undefined ? 'off' : 'line' },
              },
            }),
      },
      overrides: [],
    },
    options:
      kind === 'stat'
        ? { colorMode: 'background', graphMode: 'none', reduceOptions: { calcs: ['lastNotNull'] } }
        : { legend: many ? LONG_LEGEND : SHORT_LEGEND, tooltip: { mode: 'multi', sort: 'desc' } },
  };
}
