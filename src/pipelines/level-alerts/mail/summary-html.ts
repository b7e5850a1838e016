import { html, type Markup } from '../../../html/escape';
import { fonts, palette } from '../../../html/palette';
import { mailFrame, patternTable, remark, ruled, sampleBlock, section, tallyTable } from './html-parts';
import type { IncidentRow, IncidentTable, SummaryContent } from './summary-content';

/** The HTML part of a mail about several incidents. */
export function summaryHtmlPart(content: SummaryContent): string {
  const { words, when, repeat, patterns, incidents, origins, samples, notes, footer } = content;
  const rows = [
    patterns && section(patterns.title, patternTable(patterns)),
    section(incidents.title, incidentTable(incidents)),
    origins && section(origins.title, tallyTable(origins)),
    samples && section(samples.title, samples.items.map(sampleBlock)),
    section(
      'What to know about these figures',
      notes.map((note) => html`<div style="padding-bottom:4px;font-size:14px">${note}</div>`),
    ),
    html`<tr>
      <td height="24" style="height:24px;font-size:0;line-height:0">&nbsp;</td>
    </tr>`,
  ].filter((row) => row !== null);
  return mailFrame({ ...words, aside: words.state, when, repeat }, rows, footer);
}

function incidentTable(table: IncidentTable): Markup {
  return html`<table width="100%" cellpadding="0" cellspacing="0" border="0" style="font-size:14px">
      ${table.rows.map(incidentRow)}
    </table>
    ${remark(table.rest)}`;
}

/** Two columns, so that it fits a phone: when, and what. */
function incidentRow({ day, span, state, lines, rule, place, pattern, isOpen }: IncidentRow): Markup {
  const tone = isOpen ? 'alarm' : 'mute';
  return html`<tr>
    <td width="100" valign="top" ${ruled('6px 14px 6px 0')}>
      ${day === '' ? '' : html`<div>${day}</div>`}
      <div>${span}</div>
      <div class="c-${tone}" style="font-size:12px;font-weight:${isOpen ? 700 : 400};color:${palette[tone].light}">
        ${state}
      </div>
    </td>
    <td valign="top" ${ruled('6px 0')}>
      <b>${lines}</b> on ${place}
      ${rule === '' ? '' : html`<span class="c-mute" style="color:${palette.mute.light}">(${rule})</span>`}
      ${pattern === '' ? '' : html`<div style="font:12px/1.5 ${fonts.mono};word-break:break-word">${pattern}</div>`}
    </td>
  </tr>`;
}
