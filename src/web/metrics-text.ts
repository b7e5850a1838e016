import type { Metric } from '../stream/view';

/** The text that Prometheus scrapes (exposition format 0.0.4): the samples of a metric stand together, in order of first mention. */
export function metricsText(metrics: readonly Metric[]): string {
  const families = new Map<string, Metric[]>();
  for (const metric of metrics) {
    const family = families.get(metric.name) ?? [];
    family.push(metric);
    families.set(metric.name, family);
  }
  return [...families.values()].map(familyText).join('');
}

function familyText(samples: readonly Metric[]): string {
  const [first] = samples;
  if (first === undefined) return '';
  const help = first.help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  const lines = samples.map(({ name, labels, value }) => `${name}${labelText(labels ?? {})} ${valueText(value)}`);
  return [`# HELP ${first.name} ${help}`, `# TYPE ${first.name} ${first.type}`, ...lines, ''].join('\n');
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeValue(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escapeValue(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function valueText(value: number): string {
  if (value === Infinity) return '+Inf';
  return value === -Infinity ? '-Inf' : String(value);
}
