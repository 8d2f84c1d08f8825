// Recipes and results of the chosen runs side by side. The first is what the others are held against.

import {getFresh} from './api.js';
import {chosenRuns, colourOf, state} from './state.js';
import {el} from './dom.js';
import {grouped, metricName, metricValue, orderedMetrics, runName} from './format.js';

const kMostRuns = 24;
let everything = false;

const heads = runs => el('thead', {}, el('tr', {}, el('th'), runs.map(run => el('th', {class: 'number', scope: 'col', title: run.out}, el('span', {class: 'dot', mark: colourOf(run.id)}), `${runName(run)} #${run.id}`))));

function line(name, texts, differing) {
  return el('tr', {}, el('th', {scope: 'row'}, name), texts.map((text, i) => el('td', {class: `number${differing && text !== texts[0] && i > 0 ? ' differs' : ''}`, title: text}, text)));
}

function results(runs) {
  const metrics = orderedMetrics(new Set(runs.flatMap(run => Object.keys(run.newest))));
  return [line('status', runs.map(run => run.status)), line('step', runs.map(run => `${grouped(run.step)} / ${grouped(run.steps)}`)),
    ...metrics.map(metric => line(metricName(metric), runs.map(run => metricValue(metric, run.newest[metric]))))];
}

function options(configs) {
  const names = [...new Set(configs.flatMap(config => Object.keys(config)))];
  const rows = [];
  let same = 0;
  for (const name of names) {
    const texts = configs.map(config => config[name] === undefined ? '–' : config[name] === '' ? '""' : config[name]);
    const differs = texts.some(text => text !== texts[0]);
    same += !differs;
    if (differs || everything) rows.push(line(name, texts, true));
  }
  return {rows, same};
}

export async function showCompare(view, repeat) {
  const runs = chosenRuns().slice(0, kMostRuns);
  const configs = await Promise.all(runs.map(run => getFresh(`/api/runs/${run.id}/config`).then(answer => answer.body.values).catch(() => ({}))));
  if (state.tab !== 'compare') return;
  const {rows, same} = options(configs);
  const toggle = el('button', {class: 'reset', 'aria-pressed': everything, onclick: () => { everything = !everything; repeat(); }}, everything ? 'Only differences' : 'All options');
  const left = state.chosen.size - runs.length;
  const note = `${rows.length - (everything ? same : 0)} options differ, ${same} are the same${left > 0 ? `; the first ${kMostRuns} of the chosen runs` : ''}`;
  const scrolled = view.querySelector('.panel')?.scrollLeft ?? 0;
  view.replaceChildren(el('div', {class: 'bar'}, el('span', {}, runs.length > 1 ? note : 'Choose two runs or more to see what differs'), toggle),
    el('div', {class: 'panel'}, el('table', {class: 'grid'}, heads(runs), el('tbody', {},
      el('tr', {class: 'title'}, el('th', {}, 'Newest')), results(runs), el('tr', {class: 'title'}, el('th', {}, 'Recipe')), rows))));
  view.querySelector('.panel').scrollLeft = scrolled;
}
