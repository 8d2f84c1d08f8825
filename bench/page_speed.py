#!/usr/bin/env python3
"""Is the page of runs fluid? bench/page_speed.py [--database FILE] [--runs 100] [--points 100000] [--peer]

Makes a history (once, where FILE is given), opens it in Chromium without a graphics card, chooses every run, and prints how long drawing
takes and what the time between frames is while smoothing, moving the pointer over a chart and walking through the list.
--peer draws the same lines with chart.js 3.9.1 (Debian's libjs-chart.js) in the same browser.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "bench"), str(ROOT / "tests/app")]
from devtools import Browser  # noqa: E402
from runs_database import make  # noqa: E402
from runs_page import Server  # noqa: E402

FRAMES = """window.gaps = []; window.going = true;
(() => { let last = performance.now(); const frame = now => { gaps.push(now - last); last = now; going && requestAnimationFrame(frame); }; requestAnimationFrame(frame); })(); 0"""
PEER = """<!doctype html><canvas id=c width=900 height=300></canvas><script>%s</script><script>
const series = %s, times = [];
const chart = new Chart(document.getElementById('c'), {type: 'line', options: {animation: false, parsing: false, normalized: true, responsive: false,
  interaction: {mode: 'nearest', axis: 'x', intersect: false}, plugins: {legend: {display: false}, decimation: {enabled: true}}, scales: {x: {type: 'linear'}}},
  data: {datasets: series.map((data, i) => ({data, pointRadius: 0, borderWidth: 1, borderColor: `hsl(${i * 37 %% 360} 60%% 45%%)`}))}});
for (let i = 0; i < 20; ++i) { const begin = performance.now(); chart.update('none'); times.push(performance.now() - begin); }
</script>"""


def middle(values, part=0.5):
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(part * len(ordered)))], 1) if ordered else None


def measure(browser, name, act):
    browser.js("window.athanorPage && (athanorPage.frameTimes.length = 0); 0")
    browser.js(FRAMES)
    act()
    gaps, draws = browser.js("(going = false, gaps)"), browser.js("window.athanorPage?.frameTimes ?? []")
    print(json.dumps({"while": name, "frames": len(gaps), "between_ms_p50": middle(gaps), "between_ms_p95": middle(gaps, 0.95), "between_ms_max": middle(gaps, 1),
                      "draws": len(draws), "draw_ms_p50": middle(draws), "draw_ms_p95": middle(draws, 0.95)}))


def keys(browser, key, count):
    for _ in range(count):
        browser.key(key)
        time.sleep(0.05)


def hover(browser, selector):
    x, y = browser.middle(selector)
    for i in range(60):
        browser.mouse("mouseMoved", x - 150 + 5 * i, y)
        time.sleep(0.016)


def peer(browser, folder):
    library = Path("/usr/share/javascript/chart.js/chart.min.js")
    if not library.exists():
        library = library.with_name("Chart.min.js")
    series = browser.js("(async () => { const ids = [...athanorPage.state.chosen.keys()], all = []; for (let i = 0; i < ids.length; i += 50) { "
                        "const a = await (await fetch('/api/series?names=loss&points=300&runs=' + ids.slice(i, i + 50))).json(); "
                        "all.push(...a.runs.map(r => r.series.loss.step.map((x, k) => ({x, y: r.series.loss.mean[k]})))); } return all; })()")
    page = folder / "peer.html"
    page.write_text(PEER % (library.read_text(), json.dumps(series)))
    browser.open(page.as_uri())
    browser.wait("window.chart !== undefined || typeof times !== 'undefined' && times.length === 20", 60)
    times = browser.js("times")
    print(json.dumps({"chart.js": "one chart of the same lines", "draw_ms_p50": middle(times), "draw_ms_p95": middle(times, 0.95)}))
    measure(browser, "chart.js: pointer", lambda: hover(browser, "#c"))


def bench(options, folder):
    database = options.database or folder / "runs.db"
    if not database.exists():
        make(database, options.runs, options.points)
    server = Server(ROOT / "build/bin/athanor", database)
    wanted = f"Number(document.querySelector('.chart')?.dataset.points) >= {options.runs * options.points}"
    try:
        with Browser() as browser:
            begin = time.time()
            browser.open(server.url)
            browser.wait("Number(document.querySelector('.chart')?.dataset.points) > 0", 60)
            print(json.dumps({"first_curves_s": round(time.time() - begin, 2)}))
            begin = time.time()
            browser.key("a")
            browser.wait(wanted, 300)
            print(json.dumps({"every_run_s": round(time.time() - begin, 2)}))
            time.sleep(1)
            measure(browser, "smoothing, all charts", lambda: keys(browser, "]", 19))
            measure(browser, "pointer over a chart", lambda: hover(browser, ".chart .plot"))
            measure(browser, "walking the list", lambda: keys(browser, "j", 30))
            if options.peer:
                peer(browser, folder)
    finally:
        server.end()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", type=Path)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--points", type=int, default=100_000)
    parser.add_argument("--peer", action="store_true")
    with tempfile.TemporaryDirectory(prefix="athanor-page-") as temporary:
        bench(parser.parse_args(), Path(temporary))
