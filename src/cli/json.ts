/** A report as its published schema describes it: one JSON document, indented, with a line break at its end. */
export function renderJson(report: object): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}
