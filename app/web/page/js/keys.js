// The keyboard, and its list under "?".

import {changed, state} from './state.js';
import {byId, el} from './dom.js';
import {pointedChart, setX, zoomTo} from './curves.js';
import {chooseListed, moveFocus, showAlone, toggleFocused} from './table.js';

const tab = name => () => { state.tab = name; changed('view'); };
const smooth = by => () => { state.smooth = Math.min(0.99, Math.max(0, Math.round((state.smooth + by) * 100) / 100)); changed('view'); };

function logAxis() {
  const metric = pointedChart()?.metric;
  if (metric) return pointedChart().toggleLog();
  const losses = ['loss', 'eval_loss'], on = !losses.every(m => state.log.has(m));
  for (const m of losses) on ? state.log.add(m) : state.log.delete(m);
  changed('view');
}

function large() {
  const metric = pointedChart()?.metric ?? document.querySelector('.chart')?.dataset.metric;
  state.big = state.big ? null : metric;
  changed('view');
}

// keys, what they do, how
const kBindings = [
  [['j', 'ArrowDown'], 'next run', () => moveFocus(1)], [['k', 'ArrowUp'], 'run before', () => moveFocus(-1)],
  [['x', ' '], 'show or hide it', toggleFocused], [['o'], 'show it alone', showAlone],
  [['a'], 'show every listed run', () => chooseListed(true)], [['n'], 'show none', () => chooseListed(false)],
  [['/'], 'filter', () => byId('filter').focus()],
  [['1'], 'curves', tab('curves')], [['2'], 'compare', tab('compare')], [['3'], 'samples', tab('samples')], [['4'], 'recipe', tab('recipe')],
  [['l'], 'logarithmic axis of the chart under the pointer, else of the losses', logAxis],
  [['t'], 'x axis: steps or time', () => setX(state.x === 'step' ? 'time' : 'step')],
  [['['], 'smooth less', smooth(-0.05)], [[']'], 'smooth more', smooth(0.05)],
  [['Enter'], 'chart large or small', large], [['r'], 'the whole run (or a double click)', () => zoomTo(null)],
  [['d'], 'light, dark, or as the system is', () => byId('theme').click()], [['?'], 'this list', () => showKeys()],
];
const kShown = {ArrowDown: '↓', ArrowUp: '↑', ' ': 'Space'};

export function showKeys() {
  const dialog = byId('keys');
  const rows = kBindings.map(([keys, what]) => el('tr', {}, el('td', {}, keys.map(key => el('kbd', {}, kShown[key] ?? key))), el('td', {}, what)));
  dialog.replaceChildren(el('h2', {id: 'keys-title'}, 'Keyboard'), el('table', {}, rows), el('form', {method: 'dialog'}, el('button', {autofocus: true}, 'Close (Esc)')));
  dialog.showModal();
}

export function listenToKeys() {
  document.addEventListener('keydown', event => {
    if (event.ctrlKey || event.metaKey || event.altKey || byId('keys').open) return;
    const target = event.target;
    if (target.matches('input[type=search]')) {
      if (event.key === 'Escape' || event.key === 'Enter') target.blur();
      return;
    }
    if (target.matches('button, a, input[type=range]') && ['Enter', ' ', 'ArrowDown', 'ArrowUp'].includes(event.key)) return;
    const binding = kBindings.find(([keys]) => keys.includes(event.key));
    if (!binding) return;
    event.preventDefault();
    binding[2]();
  });
}
