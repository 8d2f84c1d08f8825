// One chart on a canvas: lines of many runs, with the band between the least and the greatest value of each column. Two layers, so
// that the pointer never makes the lines be drawn again.

import {byteTicks, linearTicks, logTicks, scale, timeTicks} from './axis.js';
import {clock, tickTexts} from './format.js';

const kLeast = 40, kRight = 8, kTop = 8, kBottom = 20;
const kMostBands = 12, kFont = '11px system-ui, "Noto Sans", sans-serif';

/** Exponential mean over the drawn columns, free of the pull towards zero at the beginning. */
export function smoothed(values, weight) {
  if (!weight) return values;
  let sum = 0, total = 0;
  return values.map(value => {
    sum = sum * weight + (1 - weight) * value, total = total * weight + (1 - weight);
    return sum / total;
  });
}

export function colours() {
  const style = getComputedStyle(document.documentElement), get = name => style.getPropertyValue(name).trim();
  return {line: get('--line'), quiet: get('--quiet'), ink: get('--ink'), series: Array.from({length: 8}, (_, i) => get(`--c${i}`))};
}

/** The least and greatest of what is seen. `lines`: {curve, smooth} */
function yRange(lines, log, x) {
  let low = Infinity, high = -Infinity;
  for (const {curve, shown} of lines) {
    for (let i = 0; i < curve.x.length; ++i) {
      if (curve.x[i] < x[0] || curve.x[i] > x[1]) continue;
      const a = lines.length > kMostBands ? shown[i] : curve.min[i], b = lines.length > kMostBands ? shown[i] : curve.max[i];
      if (a < low && (!log || a > 0)) low = a;
      if (b > high && (!log || b > 0)) high = b;
    }
  }
  if (low === Infinity) return log ? [0.1, 1] : [0, 1];
  if (log) return low === high ? [low / 2, high * 2] : [low / 1.05, high * 1.05];
  const pad = (high - low) * 0.05 || Math.abs(high) * 0.1 || 1;
  return [low >= 0 && low - pad < 0 ? 0 : low - pad, high + pad];
}

export function xRange(curves, zoom) {
  if (zoom) return zoom;
  let low = Infinity, high = -Infinity;
  for (const curve of curves) {
    if (!curve.x.length) continue;
    low = Math.min(low, curve.x[0]), high = Math.max(high, curve.x.at(-1));
  }
  if (low === Infinity) return [0, 1];
  if (low <= high * 0.02) low = Math.min(0, low);
  return low === high ? [low - 1, high + 1] : [low, high];
}

export class Plot {
  constructor(metric) {
    this.metric = metric;
    this.base = document.createElement('canvas');
    this.over = document.createElement('canvas');
    this.lines = [];
  }

  /** lines: {id, curve, colour, dash}; options: {log, smooth, zoom, time, colours} */
  draw(lines, options) {
    const width = this.base.clientWidth, height = this.base.clientHeight, ratio = devicePixelRatio || 1;
    if (!width || !height) return;
    for (const canvas of [this.base, this.over])
      if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) canvas.width = Math.round(width * ratio), canvas.height = Math.round(height * ratio);
    this.lines = lines.map(line => ({...line, shown: smoothed(line.curve.mean, options.smooth)}));
    this.options = options, this.width = width, this.height = height, this.ratio = ratio;
    const x = xRange(lines.map(l => l.curve), options.zoom);
    const y = yRange(this.lines, options.log, x);
    this.y = scale(y[0], y[1], height - kBottom, kTop, options.log);
    const g = this.base.getContext('2d');
    g.font = kFont;
    const ticks = this.yTicks(), texts = this.y.log ? ticks.map(v => tickTexts(this.metric, [v])[0]) : tickTexts(this.metric, ticks);
    this.marks = ticks.map((value, i) => [value, texts[i]]);
    this.left = Math.ceil(Math.max(kLeast, ...this.marks.map(([, text]) => g.measureText(text).width + 12)));
    this.x = scale(x[0], x[1], this.left, width - kRight, false);
    g.setTransform(ratio, 0, 0, ratio, 0, 0);
    g.clearRect(0, 0, width, height);
    this.drawAxes(g);
    g.save();
    g.beginPath();
    g.rect(this.left, kTop - 1, width - this.left - kRight, height - kTop - kBottom + 2);
    g.clip();
    g.lineJoin = 'round';
    if (lines.length <= kMostBands) for (const line of this.lines) this.drawBand(g, line);
    for (const line of this.lines) this.drawLine(g, line, lines.length > kMostBands ? 1 : 1.5);
    g.restore();
    this.mark();
  }

  yTicks() {
    const kind = this.y.log ? logTicks : this.metric.endsWith('_bytes') ? byteTicks : linearTicks;
    return kind(this.y.low, this.y.high, Math.max(2, this.height / 45));
  }

  drawAxes(g) {
    const {colours, time} = this.options, {x, y} = this;
    g.font = kFont, g.fillStyle = colours.quiet, g.strokeStyle = colours.line, g.lineWidth = 1, g.setLineDash([]);
    g.textAlign = 'right', g.textBaseline = 'middle';
    g.beginPath();
    for (const [value, text] of this.marks) {
      const at = Math.round(y.at(value)) + 0.5;
      g.moveTo(this.left, at), g.lineTo(this.width - kRight, at);
      g.fillText(text, this.left - 6, at);
    }
    g.stroke();
    g.textAlign = 'center', g.textBaseline = 'top';
    const ticks = (time ? timeTicks : linearTicks)(x.low, x.high, Math.max(2, this.width / 90)), texts = time ? ticks.map(clock) : tickTexts('step', ticks);
    for (const [i, value] of ticks.entries()) {
      const half = g.measureText(texts[i]).width / 2;
      g.fillText(texts[i], Math.min(Math.max(x.at(value), this.left), this.width - half - 1), this.height - kBottom + 6);
    }
  }

  /** Where every column is one point, the points themselves are shown faintly under a smoothed line. */
  drawBand(g, {curve, colour, shown}) {
    const n = curve.x.length;
    if (curve.banded) {
      g.globalAlpha = 0.16, g.fillStyle = colour;
      g.beginPath();
      for (let i = 0; i < n; ++i) g.lineTo(this.x.at(curve.x[i]), this.clampY(curve.max[i]));
      for (let i = n - 1; i >= 0; --i) g.lineTo(this.x.at(curve.x[i]), this.clampY(curve.min[i]));
      g.fill();
    } else if (shown !== curve.mean) {
      g.globalAlpha = 0.25, g.strokeStyle = colour, g.lineWidth = 1, g.setLineDash([]);
      this.trace(g, curve.x, curve.mean);
    }
    g.globalAlpha = 1;
  }

  drawLine(g, {curve, colour, dash, shown}, width) {
    g.strokeStyle = colour, g.fillStyle = colour, g.lineWidth = width, g.setLineDash(dash);
    this.trace(g, curve.x, shown);
    if (curve.x.length === 1) g.fillRect(this.x.at(curve.x[0]) - 2, this.clampY(shown[0]) - 2, 4, 4);
  }

  trace(g, xs, ys) {
    const {x, y} = this;
    g.beginPath();
    let pen = false;
    for (let i = 0; i < xs.length; ++i) {
      if (ys[i] === null || (y.log && ys[i] <= 0)) { pen = false; continue; }
      const px = x.at(xs[i]), py = y.at(ys[i]);
      pen ? g.lineTo(px, py) : g.moveTo(px, py);
      pen = true;
    }
    g.stroke();
  }

  clampY(value) { return this.y.log && value <= 0 ? this.height - kBottom : this.y.at(value); }

  /** The upper layer: a line at `at` (in units of x), the chosen span, and one run drawn strongly. */
  mark({at = null, span = null, run = null} = {}) {
    if (!this.x) return;
    const g = this.over.getContext('2d'), {colours} = this.options;
    g.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    g.clearRect(0, 0, this.width, this.height);
    const line = run !== null && this.lines.find(l => l.id === run);
    if (line) {
      g.save();
      g.beginPath(), g.rect(this.left, 0, this.width - this.left - kRight, this.height - kBottom), g.clip();
      this.drawLine(g, line, 3.2);
      g.restore();
    }
    g.setLineDash([]);
    if (span) g.fillStyle = colours.quiet, g.globalAlpha = 0.18, g.fillRect(Math.min(...span), kTop, Math.abs(span[1] - span[0]), this.height - kTop - kBottom), g.globalAlpha = 1;
    if (at !== null && at >= this.x.low && at <= this.x.high) {
      const px = Math.round(this.x.at(at)) + 0.5;
      g.strokeStyle = colours.quiet, g.lineWidth = 1, g.globalAlpha = 0.6;
      g.beginPath(), g.moveTo(px, kTop), g.lineTo(px, this.height - kBottom), g.stroke();
      g.globalAlpha = 1;
    }
  }

  /** What each run has nearest to `at`, the one nearest to the pointer first. */
  nearest(at, pixelY) {
    const found = [];
    for (const line of this.lines) {
      const xs = line.curve.x;
      if (!xs.length || at < xs[0] - (this.x.high - this.x.low) * 0.02 || at > xs.at(-1) + (this.x.high - this.x.low) * 0.02) continue;
      let low = 0, high = xs.length - 1;
      while (low < high) { const middle = (low + high) >> 1; xs[middle] < at ? low = middle + 1 : high = middle; }
      const i = low > 0 && at - xs[low - 1] < xs[low] - at ? low - 1 : low;
      found.push({...line, i, x: xs[i], value: line.shown[i], distance: Math.abs(this.clampY(line.shown[i]) - pixelY)});
    }
    return found.sort((a, b) => a.distance - b.distance);
  }
}
