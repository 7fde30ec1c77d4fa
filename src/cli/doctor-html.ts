import { createHash } from 'node:crypto';
import { countText, type DoctorGroups, groupChecks, type UnknownGroup, wrongFindings } from './doctor-groups.ts';
import type { DoctorReport, ReportedCheck } from './doctor-report.types.ts';
import { evidencePairs } from './evidence.ts';
import { fixParts } from './fix-parts.ts';
import { html, Markup } from './html/markup.ts';
import { pathDrawing } from './html/path-drawing.ts';
import { STYLE_SHEET } from './html/style-sheet.ts';
import { verdictBadge, verdictClass } from './html/verdict-shape.ts';
import type { ReportedFinding } from './report.types.ts';
import { nameOf, whereOf } from './table.ts';

const LONGEST_VALUE = 2_000;
const STYLE_HASH = createHash('sha256').update(STYLE_SHEET).digest('base64');
/** No script, no picture, no font, no address is ever loaded; the one style sheet is in the page. */
const POLICY = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'`;

/** The report as one page that needs nothing beside it: to keep, to send, to print. */
export function renderDoctorHtml(report: DoctorReport): string {
  const { checks, brokenLink, program, startedAt } = report;
  const where = whereOf(report.server, report.context);
  const broken = checks.find(({ id }) => id === brokenLink);
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${new Markup(POLICY)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>${titleOf(broken)} \u00b7 doctor of ${where}</title>
<style>${new Markup(STYLE_SHEET)}</style>
</head>
<body>
<header>
<p class="quiet">${where}</p>
<h1>${titleOf(broken)}</h1>
<p>${report.summary.text}${broken === undefined ? html`` : html` <a href="#check-${broken.id}">What is wrong, and the mend</a>`}</p>
</header>
<main>
<figure>
${pathDrawing(report)}</figure>
${groupChecks(checks).map((groups) => sectionOf(groups, brokenLink))}${connectivityOf(report)}</main>
<footer>
<p>Made by ${program.name} ${program.version} on <time datetime="${startedAt}">${startedAt}</time>.</p>
</footer>
</body>
</html>
`;
  return page.text;
}

function titleOf(broken: ReportedCheck | undefined): string {
  return broken === undefined ? 'No broken link' : `Broken at ${broken.link}: ${broken.id}`;
}

function sectionOf({ title, wrong, unknown, passed, notApplicable }: DoctorGroups, brokenLink: string | null): Markup {
  const rest = [...passed, ...notApplicable];
  return html`<section>
<h2>${title}</h2>
${wrong.map((check) => wrongCheck(check, check.id === brokenLink))}${unknown.map(unknownGroup)}${
  rest.length === 0
    ? html``
    : html`<details>
<summary>${countText(passed.length, notApplicable.length)}</summary>
<ul>
${rest.map(plainCheck)}</ul>
</details>
`
}</section>
`;
}

function wrongCheck(check: ReportedCheck, isFirst: boolean): Markup {
  const { id, verdict, followsFrom, docs } = check;
  const findings = wrongFindings(check);
  return html`<article id="check-${id}" class="${verdictClass(verdict)}">
<h3>${verdictBadge(verdict)} <code>${id}</code>${isFirst ? html` <span class="first">\u2190 first broken link</span>` : html``}</h3>
${followsFrom === null ? html`` : html`<p class="quiet">Follows from <a href="#check-${followsFrom}">${followsFrom}</a>.</p>\n`}${findings.map((finding) => findingOf(finding, findings.length > 1))}${docLink(docs)}</article>
`;
}

/** Its own verdict stands at it where there are several. */
function findingOf(finding: ReportedFinding, isOneOfMany: boolean): Markup {
  const { verdict, reason, message, evidence } = finding;
  const pairs = evidencePairs(evidence, LONGEST_VALUE);
  return html`<div class="finding">
<p>${isOneOfMany ? html`${verdictBadge(verdict)} ` : html``}<code>${reason}</code>${targetOf(finding)}</p>
<p>${message}</p>
${pairs.length === 0 ? html`` : html`<dl>${pairs.map(([key, text]) => html`<dt>${key}</dt><dd>${text}</dd>`)}</dl>\n`}${mendOf(finding)}</div>
`;
}

function mendOf({ fix }: ReportedFinding): Markup {
  const parts = fixParts(fix);
  if (parts.length === 0) return html``;
  return html`<p class="mend">Mend</p>
${parts.map(({ text, isCommand }) => (isCommand ? html`<pre><code>${text}</code></pre>\n` : html`<p>${text}</p>\n`))}`;
}

function unknownGroup({ ids, finding }: UnknownGroup): Markup {
  return html`<article class="${verdictClass('unknown')}">
<h3>${verdictBadge('unknown')} <code>${ids.join(', ')}</code></h3>
<p>${finding.message}</p>
${mendOf(finding)}</article>
`;
}

function plainCheck({ id, title, findings }: ReportedCheck): Markup {
  return html`<li><code>${id}</code> <span class="quiet">${title}</span>
${findings.map((finding) => html`<p>${verdictBadge(finding.verdict)}${targetOf(finding)} ${finding.message}</p>\n`)}</li>
`;
}

/** The line for `cilium connectivity test`, to copy, and the reason of each part of it. */
function connectivityOf({ connectivityTest }: DoctorReport): Markup {
  if (connectivityTest === null) return html``;
  const { command, parts } = connectivityTest;
  return html`<section>
<h2>Cilium's own test of this cluster</h2>
<pre><code>${command}</code></pre>
${
  parts.length === 0
    ? html``
    : html`<ul>${parts.map(({ text, reason }) => html`<li><code>${text}</code><p class="quiet">${reason}</p></li>`)}</ul>\n`
}</section>
`;
}

/** Only what leads to a page is made a link. */
function docLink(docs: string): Markup {
  if (!/^https:\/\/[^\s"'<>]+$/.test(docs)) return html`<p class="quiet">${docs}</p>\n`;
  return html`<p class="doc"><a href="${docs}" rel="noreferrer noopener" target="_blank">Documentation: ${new URL(docs).hostname}</a></p>\n`;
}

function targetOf({ target }: ReportedFinding): Markup {
  return target === null ? html`` : html` ${nameOf(target)}`;
}
