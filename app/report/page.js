// Shows the values of every line under the pointer.
for (const chart of document.querySelectorAll('.chart')) {
  const svg = chart.querySelector('svg'), tip = chart.querySelector('.tip'), pointer = chart.querySelector('.pointer');
  const lines = [...chart.querySelectorAll('.series')].map(g => ({
    name: g.dataset.name,
    points: g.dataset.points.split(';').filter(Boolean).map(p => p.split(',').map(Number)),
  }));
  svg.addEventListener('pointermove', event => {
    const box = svg.getBoundingClientRect(), x = (event.clientX - box.left) * svg.viewBox.baseVal.width / box.width;
    const near = lines.filter(l => l.points.length).map(l => ({name: l.name, point: l.points.reduce((a, b) => Math.abs(b[2] - x) < Math.abs(a[2] - x) ? b : a)}));
    if (!near.length) return;
    const at = near[0].point[2];
    pointer.setAttribute('x1', at); pointer.setAttribute('x2', at); pointer.style.visibility = 'visible';
    tip.hidden = false;
    tip.textContent = 'step ' + near[0].point[0] + '\n' + near.map(n => n.name + '  ' + n.point[1].toFixed(3)).join('\n');
    const left = svg.offsetLeft + at * box.width / svg.viewBox.baseVal.width;
    tip.style.left = Math.min(left + 10, chart.clientWidth - tip.offsetWidth - 8) + 'px';
    tip.style.top = (event.clientY - chart.getBoundingClientRect().top - tip.offsetHeight - 12) + 'px';
  });
  svg.addEventListener('pointerleave', () => { tip.hidden = true; pointer.style.visibility = 'hidden'; });
}
