// Everything that is asked of the server, and the curves as far as they were asked for.

import {state, changed} from './state.js';

const kRunsAtOnce = 8, kManyRuns = 20;

async function get(path, tag) {
  const answer = await fetch(path, {cache: 'no-store', headers: tag ? {'If-None-Match': tag} : {}});
  if (answer.status === 304) return {tag, same: true};
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.error ?? answer.statusText);
  return {tag: answer.headers.get('ETag'), body};
}

const tags = new Map(), kept = new Map();
/** Asks again only for what has changed since. */
export async function getFresh(path) {
  const answer = await get(path, tags.get(path));
  if (!answer.same) tags.set(path, answer.tag), kept.set(path, answer.body);
  return {body: kept.get(path), same: Boolean(answer.same)};
}

// Curves: run, metric and kind of x -> {view, starts, upto, x, step, mean, min, max, points}. What is out of date stays until the new is there.
const curves = new Map(), keyOf = (id, metric) => `${id} ${metric} ${state.x}`;
export const curveOf = (id, metric) => curves.get(keyOf(id, metric));

const pointsWanted = () => state.chosen.size > kManyRuns ? 300 : 600;
const viewKey = () => `${state.x} ${state.zoom?.join(' ') ?? ''} ${pointsWanted()}`;

function arrays(series, drop = -Infinity) {
  const keep = series.step.map((step, i) => step > drop && (!series.time || series.time[i] !== null) ? i : -1).filter(i => i >= 0);
  const pick = list => keep.map(i => list[i]);
  const mean = pick(series.mean);
  return {step: pick(series.step), x: pick(series.time ?? series.step), mean, min: series.min ? pick(series.min) : mean, max: series.max ? pick(series.max) : mean};
}

function store(run, metric, series, view) {
  curves.set(keyOf(run.id, metric), {view, starts: run.starts, upto: run.step, points: series.points, banded: Boolean(series.min), ...arrays(series)});
}

function append(curve, run, series) {
  const fresh = arrays(series, curve.step.at(-1) ?? -Infinity);
  for (const name of ['step', 'x', 'mean', 'min', 'max']) curve[name] = curve[name].concat(fresh[name]);
  curve.upto = run.step, curve.points = series.points;
}

function question(metrics, from, to) {
  const parts = new URLSearchParams({names: metrics.join(','), x: state.x, points: state.zoom ? Math.round(pointsWanted() * 1.5) : pointsWanted()});
  if (from !== undefined) parts.set('from', from);
  if (to !== undefined) parts.set('to', to);
  return parts;
}

/** What a run lacks of these metrics: everything, what is new, or nothing. */
function lack(run, metrics, view) {
  const known = metrics.filter(metric => metric in run.newest).map(metric => [metric, curveOf(run.id, metric)]);
  const whole = known.filter(([, c]) => !c || c.view !== view || c.starts !== run.starts || c.step.length > 2 * pointsWanted()).map(([metric]) => metric);
  if (whole.length) return {run, whole: known.map(([metric]) => metric)};
  const grown = known.filter(([, c]) => c.upto < run.step);
  if (!grown.length) return null;
  return state.zoom ? {run, whole: grown.map(([metric]) => metric)} : {run, grown: grown.map(([metric]) => metric)};
}

/** More than is seen, so that lines reach the border and smoothing has begun before it. */
const around = ([from, to]) => [from - (to - from) / 2, to + (to - from) / 20];

async function loadWhole(runs, metrics, view) {
  const parts = question(metrics, ...(state.zoom ? around(state.zoom) : []));
  parts.set('runs', runs.map(run => run.id).join(','));
  const answer = await get('/api/series?' + parts);
  if (view !== viewKey()) return;
  for (const one of answer.body.runs) {
    const run = runs.find(r => r.id === one.id);
    for (const [metric, series] of Object.entries(one.series)) store({...run, starts: one.starts}, metric, series, view);
  }
}

/** Metrics that end at the same place are asked for together, so that each gets its own new points and no older ones. */
async function loadGrown(run, metrics, view) {
  const ends = new Map();
  for (const metric of metrics) {
    const last = curveOf(run.id, metric).x.at(-1) ?? 0;
    ends.set(last, [...(ends.get(last) ?? []), metric]);
  }
  for (const [last, together] of ends) {
    const answer = await get(`/api/runs/${run.id}/series?` + question(together, last));
    if (view !== viewKey() || answer.body.starts !== run.starts) return;
    for (const [metric, series] of Object.entries(answer.body.series)) append(curveOf(run.id, metric), run, series);
  }
}

let loading = false, again = false;
/** Brings what the charts need, a few runs at a time, and draws as it comes. */
export async function loadCurves(runs, metrics) {
  if (loading) return void (again = [runs, metrics]);
  loading = true;
  try {
    const view = viewKey();
    const lacks = runs.map(run => lack(run, metrics, view)).filter(Boolean);
    const whole = lacks.filter(l => l.whole);
    for (let i = 0; i < whole.length && view === viewKey(); i += kRunsAtOnce) {
      const batch = whole.slice(i, i + kRunsAtOnce);
      await loadWhole(batch.map(l => l.run), [...new Set(batch.flatMap(l => l.whole))], view);
      changed('hover', 'curves');
    }
    for (const l of lacks.filter(l => l.grown)) {
      if (view !== viewKey()) break;
      await loadGrown(l.run, l.grown, view);
    }
    if (lacks.some(l => l.grown)) changed('hover', 'curves');
  } finally {
    loading = false;
  }
  if (again) {
    const next = again;
    again = false;
    return loadCurves(...next);
  }
}
