// One run in full: the row that the keyboard is on, else the first of the chosen.

import {getFresh} from './api.js';
import {chosenRuns, state} from './state.js';
import {el} from './dom.js';
import {clock, dateTime, grouped, metricName, metricValue, orderedMetrics, runName} from './format.js';

const fact = (name, value) => el('div', {}, el('dt', {}, name), el('dd', {}, value));

export async function showRecipe(view) {
  const run = state.byId.get(state.focus) ?? chosenRuns()[0];
  if (!run) return view.replaceChildren(el('div', {class: 'empty'}, el('h2', {}, 'No run is chosen'), 'Choose one in the list on the left.'));
  const {body} = await getFresh(`/api/runs/${run.id}/config`).catch(() => ({body: null}));
  const recipe = body?.yaml ?? (await getFresh(`/api/runs/${run.id}`)).body.recipe;
  if (state.tab !== 'recipe') return;
  const metrics = orderedMetrics(Object.keys(run.newest));
  view.replaceChildren(el('div', {class: 'panel'}, el('h2', {}, `${runName(run)} #${run.id}`),
    el('dl', {class: 'facts'}, fact('stage', run.stage), fact('status', run.status), fact('step', `${grouped(run.step)} of ${grouped(run.steps)}`),
      fact('started', dateTime(run.started)), fact('last heard of', dateTime(run.updated)), fact('training', clock(run.newest.elapsed_s ?? NaN)), fact('starts', run.starts), fact('folder', run.out)),
    el('dl', {class: 'facts'}, metrics.map(metric => fact(metricName(metric), metricValue(metric, run.newest[metric])))),
    el('a', {href: `/api/runs/${run.id}.csv`, download: `run-${run.id}.csv`}, 'Download every point as CSV')),
    el('div', {class: 'panel'}, el('h2', {}, 'Recipe'), el('pre', {}, recipe)));
}
