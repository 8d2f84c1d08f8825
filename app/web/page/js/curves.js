// The charts: one for each metric that a chosen run has, all with the same x axis, crosshair and zoom.

import {curveOf, loadCurves} from './api.js';
import {changed, chosenRuns, colourOf, dashOf, state} from './state.js';
import {el} from './dom.js';
import {clock, grouped, metricName, metricValue, orderedMetrics, runName} from './format.js';
import {Plot, colours} from './plot.js';

const kTipRuns = 8;
const charts = new Map();  // metric -> Chart
let palette = null, frame = 0;
export const frameTimes = [];  // milliseconds that each drawing took, newest last

class Chart {
  constructor(metric) {
    this.metric = metric, this.seen = true;
    this.plot = new Plot(metric);
    this.tip = el('div', {class: 'tip', hidden: true});
    this.log = el('button', {title: 'Logarithmic axis (l)', onclick: () => this.toggleLog()}, 'log');
    this.large = el('button', {title: 'Large or small (Enter)', onclick: () => { state.big = state.big === metric ? null : metric; changed('view'); }}, 'large');
    this.area = el('div', {class: 'plot', role: 'img', 'aria-label': `${metricName(metric)} of the chosen runs`}, this.plot.base, this.plot.over, this.tip);
    this.figure = el('figure', {class: 'chart', 'data-metric': metric}, el('figcaption', {}, el('h2', {}, metricName(metric)), this.log, this.large), this.area);
    this.area.addEventListener('pointermove', event => this.point(event));
    this.area.addEventListener('pointerleave', () => { if (!this.from) leave(); });
    this.area.addEventListener('pointerdown', event => { if (event.button === 0) this.from = event.offsetX, this.area.setPointerCapture(event.pointerId); });
    this.area.addEventListener('pointerup', event => this.release(event));
    this.area.addEventListener('pointercancel', () => { this.from = null; leave(); });
    this.area.addEventListener('dblclick', () => zoomTo(null));
    new IntersectionObserver(entries => { this.seen = entries.at(-1).isIntersecting; if (this.seen) draw(); }, {rootMargin: '200px'}).observe(this.figure);
    new ResizeObserver(draw).observe(this.area);
  }

  toggleLog() {
    state.log.has(this.metric) ? state.log.delete(this.metric) : state.log.add(this.metric);
    changed('view');
  }

  draw() {
    this.figure.classList.toggle('big', state.big === this.metric);
    this.log.setAttribute('aria-pressed', state.log.has(this.metric));
    this.large.setAttribute('aria-pressed', state.big === this.metric);
    if (!this.seen) return;
    const lines = chosenRuns().map(run => ({id: run.id, run, curve: curveOf(run.id, this.metric), colour: palette.series[state.chosen.get(run.id) % 8], dash: dashOf(run.id)}));
    const drawn = lines.filter(line => line.curve);
    this.plot.draw(drawn, {log: state.log.has(this.metric), smooth: state.smooth, zoom: state.zoom, time: state.x === 'time', colours: palette});
    this.figure.dataset.lines = drawn.length;
    this.figure.dataset.points = lines.reduce((sum, line) => sum + (line.curve?.points ?? 0), 0);
    this.plot.mark({run: state.hover});
  }

  point(event) {
    if (!this.plot.x) return;
    pointed = this;
    const at = this.plot.x.inverse(event.offsetX);
    const span = this.from !== null && this.from !== undefined && Math.abs(event.offsetX - this.from) > 4 ? [this.from, event.offsetX] : null;
    for (const chart of charts.values()) chart.plot.mark({at, run: state.hover, span: chart === this ? span : null});
    this.showTip(at, event);
  }

  showTip(at, event) {
    const near = this.plot.nearest(at, event.offsetY);
    this.tip.hidden = near.length === 0;
    if (!near.length) return;
    const place = state.x === 'time' ? clock(near[0].x) : `step ${grouped(near[0].x)}`;
    const row = line => el('tr', {}, el('td', {}, el('span', {class: 'dot', mark: colourOf(line.id)}), `${runName(line.run)} #${line.id}`),
      el('td', {}, el('b', {}, metricValue(this.metric, line.value))), el('td', {}, spread(this.metric, line)));
    const more = near.length - kTipRuns;
    this.tip.replaceChildren(place, el('table', {}, near.slice(0, kTipRuns).map(row)), more > 0 ? `and ${more} more` : '');
    const {width, height} = this.plot, left = event.offsetX > width / 2 ? event.offsetX - this.tip.offsetWidth - 14 : event.offsetX + 14;
    const beside = state.big === this.metric;  // a small chart would be covered: there it goes below, or above
    this.tip.style.left = `${Math.max(0, beside ? left : Math.min(event.offsetX - this.tip.offsetWidth / 2, width - this.tip.offsetWidth))}px`;
    const below = this.area.getBoundingClientRect().top + height + this.tip.offsetHeight + 8 < innerHeight;
    this.tip.style.top = `${beside ? Math.min(Math.max(0, event.offsetY - 20), Math.max(0, height - this.tip.offsetHeight)) : below ? height + 6 : -this.tip.offsetHeight - 34}px`;
  }

  release(event) {
    const from = this.from;
    this.from = null;
    if (from === null || from === undefined || Math.abs(event.offsetX - from) < 5 || !this.plot.x) return;
    const [a, b] = [from, event.offsetX].map(p => this.plot.x.inverse(p)).sort((x, y) => x - y);
    zoomTo([Math.max(a, this.plot.x.low), Math.min(b, this.plot.x.high)]);
  }
}

let pointed = null;
export const pointedChart = () => pointed;

/** Least and greatest of a column that stands for several points. */
const spread = (metric, {curve, i}) => curve.min[i] !== curve.max[i] ? `${metricValue(metric, curve.min[i])} – ${metricValue(metric, curve.max[i])}` : '';

function leave() {
  pointed = null;
  for (const chart of charts.values()) chart.tip.hidden = true, chart.plot.mark({run: state.hover});
}

export function zoomTo(range) {
  state.zoom = range && range[1] > range[0] ? range.map(v => Number(v.toPrecision(9))) : null;
  changed('view');
}

export function setX(x) {
  if (state.x === x) return;
  state.x = x, state.zoom = null;
  changed('view');
}

const metricsShown = () => orderedMetrics(new Set(chosenRuns().flatMap(run => Object.keys(run.newest))));

let bar = null;
function makeBar() {
  const press = (name, title, x) => el('button', {title, 'data-x': x, onclick: () => setX(x)}, name);
  const smooth = el('input', {type: 'range', min: 0, max: 0.99, step: 0.01, 'aria-label': 'Smoothing', oninput: () => { state.smooth = Number(smooth.value); changed('view'); }});
  const amount = el('output'), reset = el('button', {class: 'reset', title: 'The whole run (r, or a double click)', onclick: () => zoomTo(null)}, 'Whole run');
  const element = el('div', {class: 'bar'}, el('span', {class: 'switch', role: 'group', 'aria-label': 'x axis'}, press('Step', 'x: steps (t)', 'step'), press('Time', 'x: time of training (t)', 'time')),
    el('label', {title: 'Smoothing ([ and ])'}, 'Smoothing', smooth, amount), reset, el('span', {}, 'Drag to zoom'));
  return {element, update() {
    for (const button of element.querySelectorAll('[data-x]')) button.setAttribute('aria-pressed', button.dataset.x === state.x);
    smooth.value = state.smooth, amount.textContent = state.smooth.toFixed(2), reset.hidden = !state.zoom;
  }};
}

/** Puts bar and charts into the view, and keeps those that stay. */
export function showCurves(view) {
  bar ??= makeBar();
  bar.update();
  const metrics = metricsShown();
  if (state.big && metrics.includes(state.big)) metrics.sort((a, b) => (b === state.big) - (a === state.big));
  for (const metric of metrics) if (!charts.has(metric)) charts.set(metric, new Chart(metric));
  for (const [metric, chart] of charts) if (!metrics.includes(metric)) chart.figure.remove();
  let grid = view.querySelector('.charts');
  if (!grid) view.replaceChildren(bar.element, grid = el('div', {class: 'charts'}));
  const wanted = metrics.map(metric => charts.get(metric).figure);
  if (wanted.some((figure, i) => figure !== grid.children[i])) grid.append(...wanted);
  draw();
  return refreshCurves();
}

export const refreshCurves = () => loadCurves(chosenRuns(), metricsShown());

/** All charts in the next frame, however often it is asked for. */
export function draw() {
  if (frame) return;
  frame = requestAnimationFrame(() => {
    frame = 0;
    const begin = performance.now();
    palette ??= colours();
    for (const chart of charts.values()) if (chart.figure.isConnected) chart.draw();
    frameTimes.push(performance.now() - begin);
    if (frameTimes.length > 400) frameTimes.shift();
  });
}

export function markHover() {
  for (const chart of charts.values()) if (chart.figure.isConnected && chart.seen) chart.plot.mark({run: state.hover});
}

addEventListener('athanor-theme', () => { palette = null; draw(); });
