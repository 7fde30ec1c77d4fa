import type { Report } from './report.types.ts';

/** The report as `docs/report.schema.json` describes it: one JSON document, indented, with a line break at its end. */
export function renderJson(report: Report): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}
