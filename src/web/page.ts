import { createHash } from 'node:crypto';
import { html, Markup, visible } from '../html/escape';
import { fonts, palette } from '../html/palette';

/** What every page has: the frame, the look, and what a browser may load for it. */
export interface Page {
  readonly title: string;
  readonly here: 'status' | 'mail' | 'none';
  readonly main: Markup | readonly Markup[];
  /** True when it fetches itself again every other second. */
  readonly live: boolean;
}

export function pageText(page: Page): string {
  const item = (name: string, path: string, current: boolean): Markup =>
    current ? html`<a href="${path}" aria-current="page">${name}</a>` : html`<a href="${path}">${name}</a>`;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <link rel="icon" href="data:," />
        <title>${visible(page.title)} · Telltale</title>
        ${styleTag}
      </head>
      <body>
        <header>
          <a class="name" href="/">Telltale</a>
          <nav>
            ${item('Status', '/', page.here === 'status')} ${item('Mail', '/mail', page.here === 'mail')}
            ${item('Metrics', '/metrics', false)}
          </nav>
          <span class="stale" role="status">Telltale does not answer: these figures are old.</span>
        </header>
        <main>${page.main}</main>
        ${page.live ? refreshTag : ''}
      </body>
    </html>`.toString();
}

/** Replaces the main part by a newer one, unless a reader is selecting text or writing in it. */
const refresh = `
setInterval(async () => {
  if (document.hidden || !getSelection().isCollapsed || document.activeElement.matches('main input')) return;
  try {
    const answer = await fetch(location.pathname + location.search);
    if (!answer.ok) throw new Error(answer.statusText);
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    document.querySelector('main').replaceWith(page.querySelector('main'));
    document.body.classList.remove('old');
  } catch {
    document.body.classList.add('old');
  }
}, 2000);
`;

function variables(mode: 'light' | 'dark'): string {
  return Object.entries(palette)
    .map(([name, colors]) => `--${name}:${colors[mode]};`)
    .join('');
}

const style = `
:root{color-scheme:light dark;${variables('light')}}
@media (prefers-color-scheme:dark){:root{${variables('dark')}}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 ${fonts.sans}}
a{color:inherit;text-underline-offset:3px;text-decoration-color:var(--bar)}
a:hover{text-decoration-color:currentColor}
header{display:flex;flex-wrap:wrap;align-items:baseline;gap:4px 24px;max-width:1040px;margin:0 auto;padding:22px 20px 6px}
header .name{font-size:18px;font-weight:700;letter-spacing:-.01em;text-decoration:none}
nav{display:flex;gap:18px}
nav a{color:var(--mute);text-decoration:none}
nav a:hover,nav a[aria-current]{color:var(--ink)}
nav a[aria-current]{font-weight:600}
.stale{display:none;color:var(--alarm);font-weight:600}
.old .stale{display:inline}
.old main{opacity:.55}
main{max-width:1040px;margin:0 auto;padding:10px 20px 48px}
h1{margin:0;font-size:24px;line-height:1.25;letter-spacing:-.01em;overflow-wrap:anywhere}
h2{margin:0 0 10px;font-size:13px;font-weight:600;color:var(--mute)}
section{margin:0 0 14px;padding:20px 22px;background:var(--card);border:1px solid var(--line);border-radius:12px}
.totals{margin:0;display:grid;grid-template-columns:repeat(auto-fit,minmax(100px,1fr));gap:16px}
.totals dt{font-size:13px;color:var(--mute)}
.totals dd{margin:0;font-size:26px;font-weight:700;line-height:1.2;letter-spacing:-.01em;font-variant-numeric:tabular-nums}
table{width:100%;border-collapse:collapse;font-size:14px;font-variant-numeric:tabular-nums}
th{padding:0 0 4px 14px;font-size:12px;font-weight:400;color:var(--mute);text-align:left;white-space:nowrap}
td{padding:6px 0 6px 14px;border-top:1px solid var(--line);vertical-align:middle}
th:first-child,td:first-child{padding-left:0}
.n{text-align:right;white-space:nowrap}
.t{white-space:nowrap}
.w{overflow-wrap:anywhere}
.w.mute{min-width:130px}
.stack td:first-child{min-width:200px}
.alarm{color:var(--alarm);font-weight:700}
.warning{color:var(--warning)}
.mute,.zero{color:var(--mute)}
svg{display:block}
.bars{width:150px;height:26px}
.share{width:110px;height:8px}
.f-error{fill:var(--alarm)}.f-warn{fill:var(--warning)}.f-rest{fill:var(--bar)}
p{margin:0 0 8px}
.totals+p,.pages{margin:14px 0 0}
.search{display:flex;flex-wrap:wrap;align-items:center;gap:8px;margin:0 0 12px;font-size:14px}
.search input{flex:0 1 260px;min-width:0}
.search input,.search button{font:inherit;color:inherit;padding:4px 10px;background:var(--page);border:1px solid var(--line);border-radius:8px}
.search button{cursor:pointer}
code,pre{font:12px/1.6 ${fonts.mono}}
code{overflow-wrap:anywhere}
pre{margin:0;padding:12px 14px;background:var(--code);border-radius:8px;white-space:pre-wrap;overflow-wrap:anywhere}
iframe{display:block;width:100%;height:min(1100px,85vh);border:1px solid var(--line);border-radius:12px;background:var(--page);margin:0 0 14px}
.file{margin:14px 0 0;font-size:14px}
.headers{display:grid;grid-template-columns:max-content 1fr;gap:2px 16px;margin:14px 0 0;font-size:14px}
.headers dt{color:var(--mute)}
.headers dd{margin:0;overflow-wrap:anywhere}
summary{cursor:pointer;color:var(--mute);font-size:13px;font-weight:600}
summary+pre{margin-top:12px}
@media (max-width:640px){header,main{padding-left:12px;padding-right:12px}section{padding:16px 14px}.wide{display:none}.wide:first-child+td{padding-left:0}.totals{grid-template-columns:repeat(3,1fr)}.totals dd{font-size:20px}.bars{width:84px}.headers{grid-template-columns:1fr}.headers dd{margin-bottom:6px}.stack tr{display:grid;grid-template-columns:1fr max-content;padding:6px 0;border-top:1px solid var(--line)}.stack td{padding:2px 0;border:0}.stack tr:has(th){display:none}.stack td:last-child{grid-column:1/-1;color:var(--mute)}}
`;

const styleTag = Markup.trusted(`<style>${style}</style>`);
const refreshTag = Markup.trusted(`<script>${refresh}</script>`);

function hashOf(source: string): string {
  return `'sha256-${createHash('sha256').update(source).digest('base64')}'`;
}

/** A page loads itself, its own frame, and the one style and the one script above: nothing else runs. */
export const pagePolicy = [
  "default-src 'none'",
  `style-src ${hashOf(style)}`,
  `script-src ${hashOf(refresh)}`,
  "connect-src 'self'",
  "frame-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');
