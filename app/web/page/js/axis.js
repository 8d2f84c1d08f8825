// Where an axis has its marks.

/** At most `most` round numbers between two. */
export function linearTicks(low, high, most) {
  const rough = (high - low) / Math.max(1, most), power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map(f => f * power).find(s => s >= rough * 0.999) ?? 10 * power;
  const ticks = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; ++i) ticks.push(Number((i * step).toPrecision(12)));
  return ticks;
}

export function logTicks(low, high, most) {
  const decades = Math.log10(high / low);
  const factors = decades * 3 <= most ? [1, 2, 5] : [1];
  if (decades < 1) return linearTicks(low, high, most);
  const every = Math.max(1, Math.ceil(decades / most)), ticks = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); ++power)
    for (const factor of factors)
      if (power % every === 0) ticks.push(factor * 10 ** power);
  return ticks.filter(t => t >= low * 0.999 && t <= high * 1.001);
}

const kSeconds = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400];
export function timeTicks(low, high, most) {
  const rough = (high - low) / Math.max(1, most), step = kSeconds.find(s => s >= rough);
  if (rough < 1 || !step) return linearTicks(low, high, most);
  const ticks = [];
  for (let i = Math.ceil(low / step); i * step <= high; ++i) ticks.push(i * step);
  return ticks;
}

/** Bytes in round numbers of their unit. */
export function byteTicks(low, high, most) {
  const unit = 1024 ** Math.max(0, Math.floor(Math.log2(Math.max(1, high)) / 10));
  return linearTicks(low / unit, high / unit, most).map(v => v * unit);
}

/** Data to pixels and back. */
export function scale(low, high, from, to, log) {
  const f = log ? Math.log10 : v => v, a = f(low), k = (to - from) / ((f(high) - a) || 1);
  return {low, high, log, at: v => from + (f(v) - a) * k, inverse: p => { const v = a + (p - from) / k; return log ? 10 ** v : v; }};
}
