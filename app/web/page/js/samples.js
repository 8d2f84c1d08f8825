// Texts that the models wrote while they learned, runs side by side, the newest step first.

import {getFresh} from './api.js';
import {chosenRuns, colourOf, state} from './state.js';
import {el} from './dom.js';
import {grouped, runName} from './format.js';

const kMostRuns = 12, kSteps = 40;
let drawn = '';

function card(run, sample) {
  return el('article', {}, el('h3', {}, el('div', {}, el('span', {class: 'dot', mark: colourOf(run.id)}), `${runName(run)} #${run.id}`), null),
    el('p', {}, el('b', {}, sample.prompt), sample.text));
}

export async function showSamples(view, anew) {
  const runs = chosenRuns().slice(0, kMostRuns);
  const answers = await Promise.all(runs.map(run => getFresh(`/api/runs/${run.id}/samples`)));
  if (state.tab !== 'samples') return;
  const key = runs.map((run, i) => `${run.id} ${colourOf(run.id)} ${answers[i].body.samples.length} ${answers[i].body.samples[0]?.step}`).join(';');
  if (!anew && key === drawn && view.querySelector('.samples, .empty')) return;
  drawn = key;
  const all = runs.flatMap((run, i) => answers[i].body.samples.map(sample => ({run, sample})));
  if (!all.length) {
    return view.replaceChildren(el('div', {class: 'empty'}, el('h2', {}, 'No samples in the chosen runs'),
      'A run writes texts while it learns when its recipe says how often, and from which beginnings:',
      el('pre', {}, 'train:\n  sample_every: 200\n  sample_prompts: ["Once upon a time"]')));
  }
  const steps = [...new Set(all.map(({sample}) => sample.step))].sort((a, b) => b - a).slice(0, kSteps);
  view.replaceChildren(...steps.flatMap(step => [el('h2', {class: 'steps'}, `Step ${grouped(step)}`), el('div', {class: 'samples'}, all.filter(({sample}) => sample.step === step).map(({run, sample}) => card(run, sample)))]));
}
