// The list of runs. Rows stay the same elements and change only where a value did, so that a hundred of them cost nothing.

import {changed, choose, chosenRuns, colourOf, listedRuns, state} from './state.js';
import {byId, el, setText} from './dom.js';
import {ago, bytes, dateTime, grouped, metricValue, runName, short} from './format.js';

const kMarks = {running: '●', finished: '✓', stopped: '■', failed: '✗', lost: '?'};  // shapes, not colours alone
const loss = (run, metric) => run.newest[metric] ?? null;

export const columns = [
  {key: 'status', title: '', label: 'Status', value: run => run.status, text: run => kMarks[run.status] ?? '?', up: true},
  {key: 'id', title: '#', value: run => run.id, text: run => String(run.id)},
  {key: 'name', title: 'Run', value: runName, text: runName, name: true},
  {key: 'step', title: 'Step', value: run => run.step, text: run => grouped(run.step)},
  {key: 'loss', title: 'Loss', value: run => loss(run, 'loss'), text: run => metricValue('loss', loss(run, 'loss')), up: true},
  {key: 'eval_loss', title: 'Held out', value: run => loss(run, 'eval_loss'), text: run => metricValue('eval_loss', loss(run, 'eval_loss')), up: true},
  {key: 'rate', title: 'Tok/s', value: run => loss(run, 'tokens_per_second'), text: run => short(loss(run, 'tokens_per_second'))},
  {key: 'updated', title: 'Heard', value: run => run.updated, text: run => ago(run.updated)},
  {key: 'memory', title: 'Memory', value: run => loss(run, 'memory_bytes'), text: run => bytes(loss(run, 'memory_bytes') ?? NaN)},
];

const rows = new Map();  // run's id -> {row, box, cells}
let shown = [], anchor = null, manyStages = false;

function makeHead() {
  const head = el('tr', {}, el('th', {'aria-label': 'Chosen'}));
  for (const column of columns) {
    const sort = () => {
      state.sort = {key: column.key, down: state.sort.key === column.key ? !state.sort.down : !column.up};
      changed('list');
    };
    head.append(el('th', {class: column.name ? 'name' : null, scope: 'col'}, el('button', {onclick: sort, 'aria-label': column.label}, column.title)));
  }
  byId('table').tHead.replaceChildren(head);
}

function toggle(run, event) {
  const on = !state.chosen.has(run.id);
  const from = event?.shiftKey && anchor !== null ? shown.findIndex(r => r.id === anchor) : -1, to = shown.indexOf(run);
  const range = from >= 0 && to >= 0 ? shown.slice(Math.min(from, to), Math.max(from, to) + 1) : [run];
  for (const one of range) choose(one.id, range.length > 1 ? true : on);
  anchor = run.id, state.focus = run.id;
  changed('chosen', 'list');
}

function makeRow(id) {
  const box = el('input', {type: 'checkbox', tabindex: '-1'});
  const cells = columns.map(column => el('td', {class: column.name ? 'name' : null}));
  const progress = el('i'), label = el('span'), stage = el('small');
  const at = key => cells[columns.findIndex(column => column.key === key)];
  at('step').append(label, el('span', {class: 'progress'}, progress));
  at('status').className = 'status';
  const name = el('span');
  at('name').append(name, stage);
  const texts = columns.map((column, i) => ({step: label, name})[column.key] ?? cells[i]);
  const row = el('tr', {'data-run': id, onclick: event => toggle(state.byId.get(id), event),
    onpointerenter: () => { state.hover = id; changed('hover'); }, onpointerleave: () => { state.hover = null; changed('hover'); }},
    el('td', {class: 'pick'}, box), cells);
  row.addEventListener('mousedown', event => event.shiftKey && event.preventDefault());
  return {row, box, texts, progress, stage, at};
}

function fill(parts, run) {
  columns.forEach((column, i) => setText(parts.texts[i], column.text(run)));
  setText(parts.stage, manyStages ? run.stage : '');
  parts.at('status').title = run.status;
  parts.at('name').title = `${run.out}\n${run.stage}`;
  parts.at('updated').title = `started ${dateTime(run.started)}, last heard of ${dateTime(run.updated)}`;
  parts.at('step').title = `${run.step} of ${run.steps}`;
  parts.progress.style.width = `${run.steps ? Math.min(100, 100 * run.step / run.steps) : 0}%`;
  const chosen = state.chosen.has(run.id);
  parts.row.className = `${run.status}${chosen ? ' chosen' : ''}${state.focus === run.id ? ' focus' : ''}`;
  parts.box.checked = chosen;
  parts.box.setAttribute('aria-label', `show run ${run.id}`);
  parts.box.style.setProperty('--mark', chosen ? colourOf(run.id) : '');
}

export function drawTable() {
  if (!byId('table').tHead.firstElementChild) makeHead();
  shown = listedRuns(columns);
  manyStages = state.runs.some(run => run.stage !== state.runs[0].stage);
  columns.forEach((column, i) => {
    const cell = byId('table').tHead.firstElementChild.children[i + 1];
    state.sort.key === column.key ? cell.setAttribute('aria-sort', state.sort.down ? 'descending' : 'ascending') : cell.removeAttribute('aria-sort');
  });
  const body = byId('table').tBodies[0];
  for (const id of [...rows.keys()]) if (!state.byId.has(id)) rows.delete(id);
  const wanted = shown.map(run => {
    if (!rows.has(run.id)) rows.set(run.id, makeRow(run.id));
    fill(rows.get(run.id), run);
    return rows.get(run.id).row;
  });
  if (wanted.length !== body.children.length || wanted.some((row, i) => row !== body.children[i])) body.replaceChildren(...wanted);
  const running = state.runs.filter(run => run.status === 'running').length;
  setText(byId('summary'), `${state.runs.length} runs${running ? `, ${running} running` : ''}`);
  setText(byId('chosen'), `${shown.length} listed, ${chosenRuns().length} shown`);
}

export function chooseListed(on) {
  if (!on) state.chosen.clear();
  else for (const run of shown) choose(run.id, true);
  changed('chosen', 'list');
}

/** The keyboard's row: moved, toggled, or shown alone. */
export function moveFocus(by) {
  const at = shown.findIndex(run => run.id === state.focus);
  const next = shown[Math.min(shown.length - 1, Math.max(0, at < 0 ? 0 : at + by))];
  if (!next) return;
  state.focus = state.hover = next.id;
  changed('list', 'hover');
  rows.get(next.id).row.scrollIntoView({block: 'nearest'});
}
export const toggleFocused = () => state.byId.has(state.focus) && toggle(state.byId.get(state.focus));
export function showAlone() {
  if (!state.byId.has(state.focus)) return;
  state.chosen.clear();
  choose(state.focus, true);
  changed('chosen', 'list');
}
