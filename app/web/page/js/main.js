// Puts the parts together and asks once a second what is new.

import {getFresh} from './api.js';
import {draw, frameTimes, markHover, refreshCurves, showCurves} from './curves.js';
import {byId, el, setText} from './dom.js';
import {listenToKeys, showKeys} from './keys.js';
import {changed, onChange, setRuns, state} from './state.js';
import {chooseListed, drawTable} from './table.js';
import {showCompare} from './compare.js';
import {showRecipe} from './recipe.js';
import {showSamples} from './samples.js';

const kPollMilliseconds = 1000, kHiddenMilliseconds = 10000;

function emptyView(title, ...rest) {
  byId('view').replaceChildren(el('div', {class: 'empty'}, el('h2', {}, title), ...rest));
}

function noRuns() {
  emptyView('No runs yet', 'Whatever is trained on this machine appears here by itself, while it runs. To make a first one, a small model on a bundled text, in about a minute:',
    el('pre', {}, 'athanor quickstart --quick'), 'or with a recipe of your own:', el('pre', {}, 'athanor train recipe.yaml'), `Looking at ${state.database}`);
}

/** `anew`: something was clicked; else only the data may have changed. */
async function showView(anew) {
  for (const button of document.querySelectorAll('[data-tab]')) button.setAttribute('aria-selected', button.dataset.tab === state.tab);
  if (!state.runs.length) return noRuns();
  if (state.tab === 'recipe') return anew && showRecipe(byId('view'));
  if (!state.chosen.size) return emptyView('No run is chosen', 'Choose runs in the list on the left; the key a takes all of them.');
  if (state.tab === 'compare') return showCompare(byId('view'), () => showView(true));
  if (state.tab === 'samples') return showSamples(byId('view'), anew);
  return anew || !document.querySelector('.charts') ? showCurves(byId('view')) : refreshCurves();
}

function trouble(error) {
  byId('trouble').hidden = !error;
  if (error) setText(byId('trouble'), error instanceof TypeError ? 'No answer from athanor runs serve. Trying again every second.' : error.message);
}

const guarded = async work => {
  try {
    await work;
    trouble(null);
  } catch (error) {
    trouble(error);
  }
};

let metricsBefore = '';
async function poll() {
  const {body, same} = await getFresh('/api/runs');
  if (same && state.loaded) return drawTable();  // how long ago something was heard of
  const first = !state.loaded;
  setRuns(body);
  if (first) byId('filter').value = state.filter;
  const metrics = [...state.chosen.keys()].map(id => Object.keys(state.byId.get(id)?.newest ?? {})).join(';');
  const anew = first || metrics !== metricsBefore;
  metricsBefore = metrics;
  drawTable();
  await showView(anew);
}

async function pollForever() {
  await guarded(poll());
  setTimeout(pollForever, document.hidden ? kHiddenMilliseconds : kPollMilliseconds);
}

onChange(what => {
  if (what.has('curves')) draw();
  else if (what.has('hover') && !what.has('list')) markHover();
  if (what.has('chosen') || what.has('list')) drawTable();
  if (what.has('chosen') || what.has('view')) guarded(showView(true));
  if (what.has('list') && what.has('hover')) markHover(), state.tab === 'recipe' && guarded(showView(true));
});

function listen() {
  byId('filter').addEventListener('input', () => { state.filter = byId('filter').value; changed('list'); });
  byId('all').addEventListener('click', () => chooseListed(true));
  byId('none').addEventListener('click', () => chooseListed(false));
  byId('help').addEventListener('click', showKeys);
  for (const button of document.querySelectorAll('[data-tab]')) button.addEventListener('click', () => { state.tab = button.dataset.tab; changed('view'); });
  const theme = byId('theme'), name = () => setText(theme, {system: '◐', light: '○', dark: '●'}[window.athanorTheme.name()]);
  theme.addEventListener('click', () => { window.athanorTheme.next(); name(); });
  name();
  addEventListener('visibilitychange', () => { if (!document.hidden) guarded(poll()); });
  listenToKeys();
}

listen();
pollForever();
window.athanorPage = {state, frameTimes};  // what tests look into
