import type { PatternTally, Sample, Tally } from './content';
import { html, Markup } from '../../../html/escape';
import { fonts, palette, type Color } from '../../../html/palette';
import type { Tone } from './alert-summary';

/** Parts of the HTML of mails. */

/** The top of a mail. */
export interface Verdict {
  readonly label: string;
  readonly tone: Tone;
  readonly headline: string;
  /** Beside the headline, smaller. */
  readonly aside: string;
  readonly place: string;
  readonly when: string;
  readonly lead: string;
  readonly repeat: string | null;
}

/**
 * A whole mail. Old clients know tables and inline styles only, so these carry the light look; clients that know
 * `prefers-color-scheme` get the dark one through classes. No images, no links, no scripts.
 */
export function mailFrame(verdict: Verdict, rows: readonly Markup[], footer: readonly string[]): string {
  const document = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="supported-color-schemes" content="light dark" />
        <title>${verdict.headline}: ${verdict.place}</title>
        <style>
          ${Markup.trusted(styleSheet)}
        </style>
      </head>
      <body ${look('page', 'ink', 'margin:0;padding:0;-webkit-text-size-adjust:100%')}>
        <div style="display:none;max-height:0;overflow:hidden">${verdict.lead}</div>
        <table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" ${look('page', 'ink', '')}>
          <tr>
            <td class="outer" align="center" style="padding:28px 12px">
              <!--[if mso]><table role="presentation" width="640" cellpadding="0" cellspacing="0" border="0"><tr><td><![endif]-->
              <table
                role="presentation"
                width="100%"
                cellpadding="0"
                cellspacing="0"
                border="0"
                ${look('card', 'ink', `max-width:640px;border-radius:12px;border:1px solid ${palette.line.light};text-align:left;font:15px/1.5 ${fonts.sans}`, 'b-line')}
              >
                <tr>
                  <td
                    height="5"
                    ${fill(verdict.tone, 'height:5px;font-size:0;line-height:0;border-radius:11px 11px 0 0')}
                  >
                    &nbsp;
                  </td>
                </tr>
                ${verdictRow(verdict)} ${rows}
                <tr>
                  <td
                    ${look('card', 'mute', `padding:20px 32px 28px 32px;border-top:1px solid ${palette.line.light};border-radius:0 0 12px 12px;font-size:12px;line-height:1.6;word-break:break-word`, 'pad b-line')}
                  >
                    ${footer.map((line) => html`<div>${line}</div>`)}
                  </td>
                </tr>
              </table>
              <!--[if mso]></td></tr></table><![endif]-->
            </td>
          </tr>
        </table>
      </body>
    </html> `;
  return document.toString();
}

function verdictRow({ label, tone, headline, aside, place, when, lead, repeat }: Verdict): Markup {
  return html`<tr>
    <td class="pad" style="padding:26px 32px 6px 32px">
      <div
        style="font-size:12px;font-weight:700;letter-spacing:.08em;text-transform:uppercase;color:${palette[tone].light}"
        class="c-${tone}"
      >
        ${label}
      </div>
      <h1
        class="summary c-ink"
        style="margin:6px 0 0 0;font-size:30px;line-height:1.2;font-weight:700;letter-spacing:-.01em;color:${palette.ink.light}"
      >
        ${headline}
        <span
          class="c-mute"
          style="font-size:16px;font-weight:400;letter-spacing:0;white-space:nowrap;color:${palette.mute.light}"
          >${aside}</span
        >
      </h1>
      <div style="margin-top:6px;font-size:17px;font-weight:600;word-break:break-word">${place}</div>
      <div class="c-mute" style="font-size:14px;color:${palette.mute.light}">${when}</div>
      <div style="margin-top:14px">${lead}</div>
      ${repeat === null ? '' : html`<div ${look('code', 'ink', 'margin-top:14px;padding:10px 14px;border-radius:8px;font-size:14px')}>${repeat}</div>`}
    </td>
  </tr>`;
}

export function section(title: string, body: Markup | readonly Markup[], aside = ''): Markup {
  return html`<tr>
    <td class="pad" style="padding:20px 32px 0 32px">
      <h2
        class="c-mute"
        style="margin:0 0 10px 0;font-size:13px;line-height:1.4;font-weight:600;color:${palette.mute.light}"
      >
        ${title}${aside === '' ? '' : html`<span style="font-weight:400">, ${aside}</span>`}
      </h2>
      ${body}
    </td>
  </tr>`;
}

export function tallyTable(tally: Tally): Markup {
  return html`<table width="100%" cellpadding="0" cellspacing="0" border="0" style="font-size:14px">
      ${tally.rows.map(
        ({ name, count }) =>
          html`<tr>
            <td ${ruled('4px 0')}>${name}</td>
            <td align="right" ${ruled('4px 0 4px 12px')}>${count}</td>
          </tr> `,
      )}
    </table>
    ${remark(tally.rest)}`;
}

export function patternTable(tally: PatternTally): Markup {
  return html`<table width="100%" cellpadding="0" cellspacing="0" border="0" style="font-size:14px">
      ${tally.rows.map(
        ({ name, count, isNew }) =>
          html`<tr>
            <td width="44" valign="top" ${ruled('6px 14px 6px 0', 'font-weight:600')}>${count}</td>
            <td valign="top" ${ruled('6px 0', `font:13px/1.55 ${fonts.mono};word-break:break-word`)}>
              ${isNew ? newBadge : ''}${name}
            </td>
          </tr> `,
      )}
    </table>
    ${remark(tally.rest)}`;
}

const newBadge = html`<span
  ${fill('alarm', 'display:inline-block;padding:0 5px;margin-right:8px;border-radius:4px;font-size:11px;font-weight:700')}
  ><span class="on-fill" style="color:#ffffff">NEW</span></span
>`;

export function sampleBlock({ place, lines }: Sample): Markup {
  return html`<div class="c-mute" style="font-size:12px;word-break:break-word;color:${palette.mute.light}">
      ${place}
    </div>
    ${codeBlock(lines, '4px 0 12px 0')}`;
}

export function codeBlock(lines: readonly string[], margin: string): Markup {
  const layout = `margin:${margin};padding:10px 12px;border-radius:8px;font:12px/1.6 ${fonts.mono};white-space:pre-wrap;word-break:break-word;overflow-wrap:anywhere`;
  return html`<pre ${look('code', 'ink', layout)}>${lines.join('\n')}</pre>`;
}

export function remark(text: string | null): Markup {
  if (text === null) return html``;
  return html`<div class="c-mute" style="margin-top:6px;font-size:13px;color:${palette.mute.light}">${text}</div>`;
}

/** Attributes of a block with a ground and a text color. */
export function look(ground: Color, ink: Color, layout: string, more = ''): Markup {
  const classes = `g-${ground} c-${ink} ${more}`.trim();
  return html`class="${classes}" style="background-color:${palette[ground].light};color:${palette[ink].light};${layout}"`;
}

/** Attributes of a colored area without text of its own. */
export function fill(color: Color, layout: string): Markup {
  return html`class="g-${color}" bgcolor="${palette[color].light}"
  style="background-color:${palette[color].light};${layout}"`;
}

/** Attributes of a cell with a line above it. */
export function ruled(padding: string, layout = ''): Markup {
  return html`class="b-line" style="padding:${padding};border-top:1px solid
  ${palette.line.light};word-break:break-word;${layout}"`;
}

const styleSheet = `
:root{color-scheme:light dark;supported-color-schemes:light dark}
@media (max-width:520px){.outer{padding:0!important}.pad{padding-left:18px!important;padding-right:18px!important}.summary{font-size:25px!important}}
@media (prefers-color-scheme:dark){${Object.entries(palette)
  .map(([name, { dark }]) => `.c-${name}{color:${dark}!important}.g-${name}{background-color:${dark}!important}`)
  .join('')}.b-line{border-color:${palette.line.dark}!important}.on-fill{color:${palette.page.dark}!important}}
`;
