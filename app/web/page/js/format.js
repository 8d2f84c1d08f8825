// Numbers as they are read, and what a metric is called.

const kMetrics = [
  ['loss', 'loss'], ['eval_loss', 'held-out loss'], ['bits_per_byte', 'held-out bits per byte'], ['lr', 'learning rate'],
  ['grad_norm', 'gradient norm'], ['tokens_per_second', 'tokens per second'], ['memory_bytes', 'memory'],
];
const kNames = new Map(kMetrics);
const kUnits = [[1e9, 'G'], [1e6, 'M'], [1e3, 'k']];
const kByteUnits = [[2 ** 40, 'TiB'], [2 ** 30, 'GiB'], [2 ** 20, 'MiB'], [2 ** 10, 'KiB']];

export const metricName = metric => kNames.get(metric) ?? metric.replaceAll('_', ' ');

/** Known metrics in their order, then the others by name; seconds of training are the axis, not a curve. */
export function orderedMetrics(metrics) {
  const rank = new Map(kMetrics.map(([metric], i) => [metric, i]));
  return [...metrics].filter(m => m !== 'elapsed_s').sort((a, b) => (rank.get(a) ?? 99) - (rank.get(b) ?? 99) || (a < b ? -1 : 1));
}

export function short(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  for (const [unit, name] of kUnits)
    if (size >= unit * 0.9999995) return `${trim((value / unit).toPrecision(3))}${name}`;
  if (size !== 0 && size < 1e-3) return value.toExponential(1).replace('e-', 'e−');
  return trim(value.toPrecision(3));
}
const trim = text => text.includes('.') && !text.includes('e') ? text.replace(/\.?0+$/, '') : text;

export function bytes(value) {
  if (!Number.isFinite(value)) return '–';
  for (const [unit, name] of kByteUnits)
    if (Math.abs(value) >= unit) return `${trim((value / unit).toPrecision(3))} ${name}`;
  return `${value} B`;
}

/** A metric's value with the digits that matter. */
export function metricValue(metric, value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  if (metric.endsWith('_bytes')) return bytes(value);
  if (metric === 'tokens_per_second') return short(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(3).replace('e-', 'e−').replace('e+', 'e');
  return size >= 100 ? value.toFixed(2) : value.toFixed(4);
}

/** Marks of an axis: one unit, and as many digits as tell them apart. */
export function tickTexts(metric, ticks) {
  const size = Math.max(...ticks.map(Math.abs)), step = ticks.length > 1 ? Math.min(...ticks.slice(1).map((v, i) => v - ticks[i])) : size;
  if (size < 1e-3 || step < size * 1e-6) return ticks.map(v => v === 0 ? '0' : v.toExponential(Math.min(6, Math.max(0, Math.ceil(Math.log10(Math.abs(v) / step) - 1e-9)))).replace('e-', 'e−'));
  const units = metric.endsWith('_bytes') ? kByteUnits.map(([unit, name]) => [unit, ` ${name}`]) : kUnits;
  const [unit, name] = units.find(([u]) => size >= u * 0.9999995) ?? [1, ''];
  let digits = Math.max(0, -Math.floor(Math.log10(step / unit) + 1e-9));
  if (ticks.some(v => Math.abs(Number((v / unit).toFixed(digits)) - v / unit) > step / unit * 0.05)) ++digits;
  return ticks.map(v => v === 0 ? '0' : `${(v / unit).toFixed(digits)}${name}`);
}

/** 42 s, 12:05, 3:07:59. */
export function clock(seconds) {
  if (!Number.isFinite(seconds)) return '–';
  if (seconds < 60) return `${trim(seconds.toPrecision(3))} s`;
  const whole = Math.round(seconds), two = n => String(n).padStart(2, '0');
  const hours = Math.floor(whole / 3600), minutes = Math.floor(whole / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

export function ago(time, now = Date.now() / 1000) {
  const seconds = Math.max(0, now - time);
  if (seconds < 60) return 'now';
  for (const [unit, name] of [[86400, 'd'], [3600, 'h'], [60, 'min']])
    if (seconds >= unit) return `${Math.floor(seconds / unit)} ${name}`;
}

export const dateTime = time => new Date(time * 1000).toLocaleString(undefined, {dateStyle: 'medium', timeStyle: 'short'});
export const grouped = number => number.toLocaleString('en').replaceAll(',', '\u2009');
/** The last part of a folder's path. */
export const runName = run => run.out.split('/').filter(Boolean).pop() ?? `run ${run.id}`;
