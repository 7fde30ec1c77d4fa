import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LINKS } from '../../src/checks/check.types.ts';
import { renderDoctorHtml } from '../../src/cli/doctor-html.ts';
import type { DoctorReport } from '../../src/cli/doctor-report.types.ts';
import { html } from '../../src/cli/html/markup.ts';
import { HEALTHY, MIXED, reportOn, SOME_DENIED } from './html/report.ts';

const mixed = await reportOn(MIXED, SOME_DENIED);
const healthy = await reportOn(HEALTHY);

/** Every tag with its attributes; throws for what is no HTML as this page writes it. */
function tagsOf(text: string): readonly { readonly name: string; readonly attributes: ReadonlyMap<string, string> }[] {
  const body = text.replace(/<style>[^<]*<\/style>/, '').replace('<!doctype html>', '');
  const tags = body.match(/<[^>]*>/g) ?? [];
  const rest = body.replaceAll(/<[^>]*>/g, '');
  if (/[<>]/.test(rest)) throw new Error('a bracket outside of tags');
  if (/&(?!(?:amp|lt|gt|quot|#39|#96);)/.test(body)) throw new Error('an ampersand that is not escaped');
  return tags.map((tag) => {
    const match = /^<(\/?[a-z][a-z0-9]*)((?: [a-zA-Z-]+(?:="[^"<>]*")?)*)\/?>$/.exec(tag);
    if (match === null) throw new Error(`no tag: ${tag}`);
    const attributes = [...(match[2] ?? '').matchAll(/ ([a-zA-Z-]+)(?:="([^"]*)")?/g)];
    return { name: match[1] ?? '', attributes: new Map(attributes.map(([, name = '', value = '']) => [name, value])) };
  });
}

/** The tags alone: what must not depend on what the cluster says. */
function skeleton(report: DoctorReport): readonly string[] {
  return tagsOf(renderDoctorHtml(report)).map(({ name, attributes }) => [name, ...attributes.keys()].join(' '));
}

function saying(report: DoctorReport, text: string): DoctorReport {
  return {
    ...report,
    server: text,
    context: text,
    connectivityTest: { command: text, parts: [{ text, reason: text }] },
    checks: report.checks.map((check) => ({
      ...check,
      findings: check.findings.map((finding) => ({
        ...finding,
        reason: text,
        message: `${finding.message} ${text}`,
        target: { apiVersion: text, kind: text, namespace: text, name: text },
        evidence: { a: `x${text}`, b: [`y${text}`] },
        fix: `Do it ${text}`,
      })),
    })),
  };
}

describe("doctor's page", () => {
  it('is one page that loads nothing: no script, no picture, no address besides links to documentation', () => {
    for (const report of [mixed, healthy]) {
      const text = renderDoctorHtml(report);
      const tags = tagsOf(text);
      const allowed =
        'a article body circle code dd details div dl dt figure footer g h1 h2 h3 head header html li main meta p path pre rect section span summary svg text time title ul';
      const names = new Set(tags.map(({ name }) => name.replace('/', '')));
      expect([...names].filter((name) => !allowed.split(' ').includes(name))).toEqual([]);
      const linked = tags.flatMap(({ attributes }) =>
        [...attributes].filter(
          ([name, value]) => /^(?:src|href|srcset|style|on.*)$/.test(name) || value.includes('http'),
        ),
      );
      expect(linked.filter(([name, value]) => name !== 'href' || !/^(?:https:\/\/|#check-)/.test(value))).toEqual([]);
      expect(/<style>[^<]*(?:url|@import|http)/.test(text)).toBe(false);
    }
  });

  it('forbids everything else by a policy that allows its own style sheet alone', async () => {
    const text = renderDoctorHtml(mixed);
    const style = /<style>([^<]*)<\/style>/.exec(text)?.[1] ?? '';
    const digest = Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(style))).toString('base64');
    const [policy] = tagsOf(text).filter(
      ({ attributes }) => attributes.get('http-equiv') === 'Content-Security-Policy',
    );
    expect(policy?.attributes.get('content')).toBe(
      `default-src 'none'; style-src 'sha256-${digest}'; base-uri 'none'; form-action 'none'`,
    );
  });

  it('says its language, fits phones, and has the first broken link in its title', () => {
    const text = renderDoctorHtml(mixed);
    expect(text).toMatch(/^<!doctype html>\n<html lang="en">\n/);
    expect(text).toContain('<meta name="viewport" content="width=device-width, initial-scale=1">');
    expect(text).toContain(
      '<title>Broken at Envoy: kpr-off · doctor of https://10.0.0.1:6443 (context cce-prod)</title>',
    );
    expect(renderDoctorHtml(healthy)).toContain('<title>No broken link · ');
  });

  it('draws every station in order, for wide and narrow windows, and tears the line to the broken one', () => {
    const text = renderDoctorHtml(mixed);
    const drawings = text.match(/<svg class="way [\s\S]*?<\/svg>/g) ?? [];
    expect(drawings).toHaveLength(2);
    for (const drawing of drawings) {
      const names = [...drawing.matchAll(/<text class="name"[^>]*>([^<]*)</g)].map(([, name]) => name);
      expect(names).toEqual(['client', ...LINKS]);
      const torn = (drawing.match(/<g class="is-[a-z-]+" transform[\s\S]*?(?=<g class="is-|<\/svg>)/g) ?? []).filter(
        (cell) => cell.includes('torn'),
      );
      expect(torn).toHaveLength(1);
      expect(torn[0]).toContain('>Envoy<');
      expect(torn[0]).toContain('>broken here<');
    }
    expect(renderDoctorHtml(healthy)).not.toMatch(/class="line torn"|broken here|first broken link/);
  });

  it('tells every finding that is not well, with its evidence, mend and page; what is well is folded', () => {
    const text = renderDoctorHtml(mixed);
    for (const { id, verdict } of mixed.checks) {
      if (verdict === 'fail' || verdict === 'warn')
        expect(text).toContain(`<article id="check-${id}" class="is-${verdict}">`);
      else expect(text).toMatch(new RegExp(`<code>[a-z-, ]*${id}[a-z-, ]*</code>`));
    }
    expect(text).toContain('<dt>kube-proxy-replacement</dt><dd>false</dd>');
    expect(text).toContain(
      '<pre><code>kubectl -n kube-system rollout restart deployment/cilium-operator daemonset/cilium</code></pre>',
    );
    expect(text).toMatch(/<a href="https:\/\/docs\.cilium\.io\/[^"]+" rel="noreferrer noopener"/);
    expect(text).toMatch(/<details>\n<summary>\d+ pass, \d+ do not apply<\/summary>/);
  });

  it("has the line for Cilium's own test, to copy, with the reason of each part", () => {
    const connectivityTest = {
      command: "cilium connectivity test --test '!/pod-to-world'",
      parts: [{ text: "'!/pod-to-world'", reason: 'No way out.' }],
    };
    const text = renderDoctorHtml({ ...mixed, connectivityTest });
    expect(text).toContain('<pre><code>cilium connectivity test --test &#39;!/pod-to-world&#39;</code></pre>');
    expect(text).toContain('<li><code>&#39;!/pod-to-world&#39;</code><p class="quiet">No way out.</p></li>');
    expect(renderDoctorHtml({ ...mixed, connectivityTest: null })).not.toContain('own test');
  });

  it('leads only to pages: another address is text', () => {
    const report = {
      ...mixed,
      checks: mixed.checks.map((check) => ({ ...check, docs: 'javascript:alert(1)//https://a' })),
    };
    const hrefs = tagsOf(renderDoctorHtml(report)).flatMap(({ attributes }) => attributes.get('href') ?? []);
    expect(hrefs.filter((href) => !href.startsWith('#check-'))).toEqual([]);
  });

  it('has the same tags whatever names, messages and evidence say', () => {
    const usual = skeleton(saying(mixed, 'x'));
    const hostile = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc
        .array(
          fc.constantFrom(
            '<',
            '>',
            '"',
            "'",
            '`',
            '&',
            '&lt;',
            '<!--',
            '-->',
            ']]>',
            '</style>',
            '</title>',
            '<script>',
            '=',
            '/',
            '\u2028',
            '\u0000',
            '\uD800',
            'on',
            'x',
          ),
          { maxLength: 12 },
        )
        .map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(hostile, (text) => {
        // A run of blanks or a command splits a mend into paragraphs; that is not what is looked at here.
        const said = `x${text.replaceAll(/\s/g, '')}`;
        expect(skeleton(saying(mixed, said))).toEqual(usual);
      }),
      { numRuns: 200 },
    );
  });
});

describe('html', () => {
  it('escapes what stands between tags and in attributes, and makes control characters visible', () => {
    const text = `<a href="x" b='c' d=\`e\`>&amp;\u202E\u0000`;
    expect(html`<p title="${text}">${text}</p>`.text).toBe(
      `<p title="${'&lt;a href=&quot;x&quot; b=&#39;c&#39; d=&#96;e&#96;&gt;&amp;amp;\\u202e\\u0000'}">${'&lt;a href=&quot;x&quot; b=&#39;c&#39; d=&#96;e&#96;&gt;&amp;amp;\\u202e\\u0000'}</p>`,
    );
    expect(html`${[html`<b>1</b>`, html`<b>${2}</b>`]}`.text).toBe('<b>1</b><b>2</b>');
    expect(html`${'\uD800'}`.text).toBe('\uFFFD');
  });
});
