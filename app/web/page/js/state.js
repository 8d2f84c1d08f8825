// What is looked at. It lives in the address (#runs=3,4&x=time), so that a reload or a bookmark shows the same.

const kSlots = 8;  // colours
const kFirstChosen = 8;

export const state = {
  runs: [],           // as the server lists them
  byId: new Map(),
  loaded: false,
  database: '',
  chosen: new Map(),  // run's id -> slot: its colour and dash
  filter: '',
  sort: {key: 'id', down: true},
  tab: 'curves',
  x: 'step',
  log: new Set(),     // metrics with a logarithmic axis
  smooth: 0,
  zoom: null,         // [from, to] in units of x
  big: null,          // the metric that is drawn large
  focus: null,        // the row that the keyboard is on
  hover: null,        // the run under the pointer
};

const listeners = new Set();
export const onChange = listener => listeners.add(listener);

/** Says what changed: 'runs', 'chosen', 'view', 'hover', 'list'. */
export function changed(...what) {
  for (const listener of listeners) listener(new Set(what));
  if (!what.includes('hover') && !what.includes('runs')) writeAddress();
}

function freeSlot() {
  const used = new Set(state.chosen.values());
  let slot = 0;
  while (used.has(slot)) ++slot;
  return slot;
}

export function choose(id, on) {
  if (on && !state.chosen.has(id)) state.chosen.set(id, freeSlot());
  if (!on) state.chosen.delete(id);
}

export const colourOf = id => `var(--c${(state.chosen.get(id) ?? 0) % kSlots})`;
export const dashOf = id => [[], [6, 3], [2, 3], [9, 3, 2, 3]][Math.floor((state.chosen.get(id) ?? 0) / kSlots) % 4];
export const chosenRuns = () => [...state.chosen.keys()].map(id => state.byId.get(id)).filter(Boolean);

export function setRuns(list) {
  const first = !state.loaded;
  state.runs = list.runs, state.database = list.database, state.loaded = true;
  state.byId = new Map(list.runs.map(run => [run.id, run]));
  if (first && !readAddress()) for (const run of state.runs.slice(0, kFirstChosen)) choose(run.id, true);
  for (const id of [...state.chosen.keys()]) if (!state.byId.has(id)) state.chosen.delete(id);
}

function writeAddress() {
  if (!state.loaded) return;
  const parts = new URLSearchParams();
  parts.set('runs', [...state.chosen.keys()].join(','));
  if (state.tab !== 'curves') parts.set('tab', state.tab);
  if (state.x !== 'step') parts.set('x', state.x);
  if (state.smooth) parts.set('smooth', state.smooth);
  if (state.log.size) parts.set('log', [...state.log].join(','));
  if (state.zoom) parts.set('zoom', state.zoom.join(','));
  if (state.big) parts.set('big', state.big);
  if (state.filter) parts.set('filter', state.filter);
  history.replaceState(null, '', '#' + parts.toString().replaceAll('%2C', ','));
}

/** Whether the address says which runs. */
function readAddress() {
  const parts = new URLSearchParams(location.hash.slice(1));
  const list = name => (parts.get(name) ?? '').split(',').filter(Boolean);
  if (['curves', 'compare', 'samples', 'recipe'].includes(parts.get('tab'))) state.tab = parts.get('tab');
  if (parts.get('x') === 'time') state.x = 'time';
  state.smooth = Math.min(0.99, Math.max(0, Number(parts.get('smooth')) || 0));
  state.log = new Set(list('log'));
  const zoom = list('zoom').map(Number);
  if (zoom.length === 2 && zoom.every(Number.isFinite) && zoom[0] < zoom[1]) state.zoom = zoom;
  state.big = parts.get('big');
  state.filter = parts.get('filter') ?? '';
  for (const id of list('runs').map(Number)) choose(id, true);
  return parts.has('runs');
}

/** Runs as the table shows them: filtered and sorted. */
export function listedRuns(columns) {
  const words = state.filter.toLowerCase().split(/\s+/).filter(Boolean);
  const text = run => `${run.out} ${run.stage} ${run.status} #${run.id}`.toLowerCase();
  const runs = state.runs.filter(run => words.every(word => word.startsWith('#') && word.length > 1 ? `#${run.id}` === word : text(run).includes(word)));
  const value = columns.find(column => column.key === state.sort.key)?.value ?? (run => run.id);
  const sign = state.sort.down ? -1 : 1, missing = v => v === null || v === undefined || Number.isNaN(v);
  return runs.sort((a, b) => {
    const x = value(a), y = value(b);
    if (missing(x) || missing(y)) return missing(x) - missing(y) || b.id - a.id;
    return (x < y ? -sign : x > y ? sign : 0) || b.id - a.id;
  });
}
