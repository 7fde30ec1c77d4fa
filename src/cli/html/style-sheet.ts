/** The page's own style sheet: light and dark, phone and desk, screen and paper. It names no address. */
export const STYLE_SHEET = `
:root{color-scheme:light dark;--page:#fff;--card:#f6f8fa;--text:#1f2328;--quiet:#57606a;--rule:#d0d7de;--link:#0550ae;
--fail:#b3261e;--warn:#7d5200;--pass:#116329;--unknown:#57606a;--onsign:#fff}
@media(prefers-color-scheme:dark){:root{--page:#0d1117;--card:#161b22;--text:#e6edf3;--quiet:#9da7b3;--rule:#3d444d;--link:#79b8ff;
--fail:#ff8a80;--warn:#f0c14b;--pass:#6fdd8b;--unknown:#9da7b3;--onsign:#0d1117}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--text);font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
main,header,footer{max-width:1180px;margin:0 auto;padding:0 16px}
header{padding-top:20px}
h1{font-size:1.5rem;line-height:1.25;margin:.2em 0}
h2{font-size:1.2rem;margin:1.8em 0 .5em;padding-bottom:.2em;border-bottom:1px solid var(--rule)}
h3{font-size:1rem;margin:0;display:flex;flex-wrap:wrap;gap:.2em .7em;align-items:center}
p{margin:.4em 0}
a{color:var(--link)}
.quiet,footer{color:var(--quiet)}
footer{margin-top:32px;padding-bottom:24px;font-size:.875rem}
code,pre,dd{font-family:ui-monospace,monospace;font-size:.875rem}
pre{white-space:pre-wrap;background:var(--page);border:1px solid var(--rule);border-radius:6px;padding:8px 10px;margin:.4em 0}
article{background:var(--card);border:1px solid var(--rule);border-left:5px solid var(--quiet);border-radius:8px;padding:12px 14px;margin:12px 0}
article.is-fail{border-left:5px solid var(--fail)}
article.is-warn{border-left:5px double var(--warn)}
article.is-unknown{border-left:5px dashed var(--unknown)}
.finding+.finding{border-top:1px solid var(--rule);margin-top:10px;padding-top:8px}
.mend{font-weight:600}
dl{margin:.4em 0;display:grid;grid-template-columns:minmax(0,max-content) minmax(0,1fr);gap:2px 14px;font-size:.9rem}
dt{color:var(--quiet)}
dd{margin:0}
ul{margin:.4em 0;padding:0;list-style:none}
li{padding:6px 0}
li+li{border-top:1px solid var(--rule)}
summary{cursor:pointer;padding:6px 0}
.badge{display:inline-flex;align-items:center;gap:.35em;vertical-align:bottom;font-weight:600;white-space:nowrap}
.first{font-weight:600;color:var(--fail)}
.is-fail{--tone:var(--fail)}.is-warn{--tone:var(--warn)}.is-pass{--tone:var(--pass)}
.is-unknown,.is-none,.is-not-applicable{--tone:var(--unknown)}
.badge{color:var(--tone)}
svg .body{fill:var(--tone);stroke:var(--tone)}
svg .open,svg rect.body{fill:none;stroke-width:2}
svg .open{stroke-dasharray:5 4}
svg .sign{fill:none;stroke:var(--onsign);stroke-width:2.6;stroke-linecap:round;stroke-linejoin:round}
svg .open+.sign{stroke:var(--tone)}
figure{margin:18px 0}
.way{display:block;width:100%;font:600 14px system-ui,sans-serif}
.way text{fill:var(--text)}
.way .word{font-weight:400;fill:var(--quiet)}
.way .is-fail .word,.way .is-warn .word{font-weight:600;fill:var(--tone)}
.way .here{fill:var(--fail);font-weight:700}
.way .line{fill:none;stroke:var(--quiet);stroke-width:2}
.way .head{fill:var(--quiet)}
.way .torn{stroke:var(--fail);stroke-width:2.5}
.wide{display:none;font-size:13px}
.tall{max-width:420px}
@media(min-width:1100px){.wide{display:block}.tall{display:none}}
@media print{:root{color-scheme:light;--page:#fff;--card:#fff;--text:#000;--quiet:#444;--rule:#999;--link:#000;
--fail:#b3261e;--warn:#7d5200;--pass:#116329;--unknown:#57606a;--onsign:#fff}
body{font-size:11pt;print-color-adjust:exact}
article,li,figure{break-inside:avoid}
h2,h3{break-after:avoid}
details::details-content{content-visibility:visible;block-size:auto}
.doc a::after{content:" " attr(href)}}
`;
