import type { Bar, Chart } from './chart';
import type { MailContent } from './content';
import {
  codeBlock,
  fill,
  mailFrame,
  patternTable,
  remark,
  ruled,
  sampleBlock,
  section,
  tallyTable,
} from './html-parts';
import { html, type Markup } from '../../../html/escape';
import type { LevelTable } from './level-table';
import { palette, type Color } from '../../../html/palette';
import type { Tone } from './alert-summary';

/** The HTML part of a mail about one incident. */
export function htmlPart(content: MailContent): string {
  const { summary, when, repeat, chart, levels, windows, patterns, samples, origins, notes } = content;
  const rows = [
    chart && section(chart.title, chartTable(chart.bars, summary.tone), chart.legend),
    section(levels.title, levelTable(levels.table)),
    windows && section(windows.title, tallyTable(windows)),
    patterns && section(patterns.title, patternTable(patterns)),
    samples && section(samples.title, samples.items.map(sampleBlock)),
    origins && section(origins.title, tallyTable(origins)),
    section(
      'What to know about these figures',
      notes.map((note) => html`<div style="padding-bottom:4px;font-size:14px">${note}</div>`),
    ),
    section('The rule', ruleBlock(content.rule)),
  ].filter((row) => row !== null);
  return mailFrame({ ...summary, aside: summary.threshold, when, repeat }, rows, content.footer);
}

const chartHeight = 72;
/** A chart of few windows keeps the width of its bars. */
const chartColumns = 30;

function chartTable({ bars }: Chart, tone: Tone): Markup {
  const width = `${Math.round((Math.max(bars.length, 8) / chartColumns) * 100)}%`;
  const [first, last] = [bars[0], bars.at(-1)];
  return html`<table
      role="presentation"
      width="${width}"
      cellpadding="0"
      cellspacing="0"
      border="0"
      style="width:${width};table-layout:fixed"
    >
      <tr>
        ${bars.map((bar) => chartBar(bar, tone))}
      </tr>
    </table>
    <table
      role="presentation"
      width="${width}"
      cellpadding="0"
      cellspacing="0"
      border="0"
      class="c-mute"
      style="width:${width};font-size:12px;color:${palette.mute.light}"
    >
      <tr>
        <td align="left" style="padding-top:4px">${first?.time ?? ''}</td>
        <td align="right" style="padding-top:4px">${bars.length > 1 ? (last?.time ?? '') : ''}</td>
      </tr>
    </table>`;
}

/** A bar is a table with one cell of a given height: even Outlook draws that. */
function chartBar(bar: Bar, tone: Tone): Markup {
  const height = bar.count === 0 ? 2 : Math.max(4, Math.round(bar.share * chartHeight));
  const color: Color = bar.breached ? (tone === 'good' ? 'calm' : 'alarm') : 'bar';
  return html`<td
    height="${chartHeight}"
    valign="bottom"
    title="${bar.time}: ${bar.count}"
    style="height:${chartHeight}px;padding:0 1px"
  >
    <table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0">
      <tr>
        <td height="${height}" ${fill(color, `height:${height}px;font-size:0;line-height:0;border-radius:2px 2px 0 0`)}>
          &nbsp;
        </td>
      </tr>
    </table>
  </td>`;
}

function levelTable(table: LevelTable): Markup {
  return html`<table
      width="100%"
      cellpadding="0"
      cellspacing="0"
      border="0"
      style="font-size:14px;font-variant-numeric:tabular-nums"
    >
      <tr class="c-mute" style="font-size:12px;color:${palette.mute.light}">
        ${table.columns.map(
          (column, i) =>
            html`<th
              scope="col"
              align="${i === 0 ? 'left' : 'right'}"
              style="padding:0 0 4px ${i === 0 ? 0 : 12}px;font-weight:400"
            >
              ${column}
            </th>`,
        )}
      </tr>
      ${table.rows.map(
        (row) =>
          html`<tr style="font-weight:${row.watched ? 700 : 400}">
            <td ${ruled('4px 0')}>${row.name}</td>
            ${row.cells.map((cell) => html`<td align="right" ${ruled('4px 0 4px 12px')}>${cell}</td>`)}
          </tr> `,
      )}
    </table>
    ${remark(table.caption)}`;
}

function ruleBlock(rule: MailContent['rule']): Markup {
  return html`<div style="font-size:14px;word-break:break-word">${rule.sentence}</div>
    <div class="c-mute" style="margin-top:6px;font-size:14px;word-break:break-word;color:${palette.mute.light}">
      ${rule.change}
    </div>
    ${codeBlock(rule.yaml, '8px 0 24px 0')}`;
}
