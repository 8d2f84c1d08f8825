#!/usr/bin/env python3
"""`athanor runs serve` in a real browser: tests/app/runs_page.py [--athanor build/bin/athanor] [--pictures FOLDER].

Exit code 77 where no Chromium is installed (apt-get install chromium).
"""

import argparse
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "bench")]
from devtools import Browser  # noqa: E402
from runs_database import make  # noqa: E402

HOSTILE = '<img src=x onerror="window.hacked=1">'


class Server:
    def __init__(self, athanor, database):
        environment = {**os.environ, "ATHANOR_RUNS": str(database)}
        self.process = subprocess.Popen([athanor, "runs", "serve", "--port", "0"], env=environment, stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().split(": ")[1].strip()

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(10)


def expect(holds, what):
    if not holds:
        raise AssertionError(what)
    print("ok:", what)


def rows(browser):
    return browser.js("[...document.querySelectorAll('#table tbody tr')].map(r => Number(r.dataset.run))")


def chosen(browser):
    return browser.js("[...athanorPage.state.chosen.keys()]")


def view(browser):
    return browser.js("document.getElementById('view').innerText")


def check_empty(browser, athanor, folder):
    server = Server(athanor, folder / "empty.db")
    browser.open(server.url)
    browser.wait("document.querySelector('.empty')?.innerText.includes('No runs yet')")
    expect("athanor quickstart --quick" in view(browser), "an empty history says how to make a first run")
    expect(not browser.complaints(), "without a complaint")
    browser.open("about:blank")
    expect(server.end() == 0, "Ctrl-C ends the server with 0")


def check_list(browser):
    browser.wait("document.querySelectorAll('.chart').length === 6")
    expect(chosen(browser) == list(range(15, 7, -1)), "the newest eight runs are chosen")
    browser.wait("Number(document.querySelector('.chart').dataset.points) > 20000")
    expect(not browser.js("window.hacked") and browser.js("document.querySelectorAll('#table img').length") == 0, "a hostile name is only text")
    expect(HOSTILE in browser.js("document.querySelector('tr[data-run=\"15\"] .name').textContent"), "and is shown as it is")
    browser.click("tr[data-run='3']")
    expect(3 in chosen(browser), "a click chooses a run")
    browser.click("tr[data-run='3']")
    expect(3 not in chosen(browser), "another leaves it out")
    browser.click("#table th:nth-child(6) button")
    losses = browser.js("[...document.querySelectorAll('#table tbody tr')].map(r => parseFloat(r.cells[5].textContent))")
    expect(losses == sorted(losses), "a click on a title sorts")
    browser.click("#table th:nth-child(3) button")
    browser.key("/")
    for letter in "muon":
        browser.key(letter)
    expect(0 < len(rows(browser)) < 15, "the filter lists fewer runs")
    browser.key("Escape")
    browser.key("a")
    expect(set(rows(browser)) <= set(chosen(browser)), "a chooses what is listed")
    browser.js("document.getElementById('filter').value = ''; document.getElementById('filter').dispatchEvent(new Event('input')); 0")
    browser.key("n")
    expect(chosen(browser) == [] and "No run is chosen" in view(browser), "n chooses none")
    browser.key("j")
    browser.key("j")
    browser.key("x")
    expect(len(chosen(browser)) == 1, "j and x choose a run")
    browser.key("a")
    expect(len(chosen(browser)) == 15, "a chooses all")


def check_charts(browser):
    browser.wait("Number(document.querySelector('.chart').dataset.points) > 55000")
    x, y = browser.middle(".chart .plot")
    browser.drag((x - 40, y), (x + 40, y))
    zoom = browser.wait("athanorPage.state.zoom")
    expect(0 < zoom[0] < zoom[1] < 4000, f"a drag zooms to {zoom}")
    expect("zoom=" in browser.js("location.hash"), "the address holds the zoom")
    browser.mouse("mouseMoved", x, y)
    tip = browser.wait("[...document.querySelectorAll('.tip')].find(t => !t.hidden)?.innerText")
    expect("step" in tip and "and 7 more" in tip, "the pointer shows values")
    browser.key("l")
    expect(browser.js("[...athanorPage.state.log]") == ["loss"], "l makes the axis under the pointer logarithmic")
    browser.key("r")
    expect(browser.js("athanorPage.state.zoom") is None, "r shows the whole run")
    browser.key("t")
    browser.wait("athanorPage.state.x === 'time' && document.querySelector('[data-x=time]').getAttribute('aria-pressed') === 'true'")
    for _ in range(6):
        browser.key("]")
    expect(browser.js("athanorPage.state.smooth") == 0.3, "] smooths")
    browser.js("window.isOldPage = true; location.reload(); 0")
    browser.wait("!window.isOldPage && window.athanorPage?.state.loaded && document.querySelectorAll('.chart').length === 6")
    expect(browser.js("athanorPage.state.x") == "time" and browser.js("athanorPage.state.smooth") == 0.3, "a reload shows the same")
    browser.key("t")
    browser.wait("[...document.querySelectorAll('.chart')].every(c => Number(c.dataset.lines) === 15)")
    expect(True, "every chart draws every run")


def check_views(browser, url):
    browser.key("2")
    browser.wait("document.querySelector('.grid')")
    expect("train.optimizer" in view(browser) and "model.hidden_size" not in view(browser), "compare shows what differs")
    browser.click(".bar button")
    browser.wait("document.getElementById('view').innerText.includes('model.hidden_size')")
    expect(browser.js("document.querySelectorAll('.differs').length") > 5, "and marks it")
    browser.click("#tab-samples")
    browser.wait("document.querySelectorAll('.samples article').length > 10")
    expect("The alchemist said:" in view(browser), "samples are shown with their beginnings")
    browser.key("4")
    link = browser.wait("document.querySelector('a[download]')?.getAttribute('href')")
    table = urllib.request.urlopen(url + link[1:]).read().decode()
    expect(table.startswith("step,") and table.count("\n") > 100, "the link gives a table")
    browser.key("1")


def check_looks(browser):
    browser.dark(True)
    browser.wait("document.documentElement.classList.contains('dark')")
    expect(True, "dark follows the system")
    browser.click("#theme")
    expect(not browser.js("document.documentElement.classList.contains('dark')"), "the switch chooses light")
    browser.dark(False)
    browser.key("?")
    expect(browser.js("document.getElementById('keys').open"), "? lists the keys")
    browser.key("Escape")
    browser.wait("!document.getElementById('keys').open")
    narrow = browser.js("document.documentElement.scrollWidth <= innerWidth")
    expect(narrow, "nothing sticks out")


def check_live(browser, database):
    db = sqlite3.connect(database)
    db.execute("UPDATE runs SET status = 'running', pid = ?, steps = 8000 WHERE id = 15", (os.getpid(),))
    db.commit()
    browser.wait("document.querySelector('tr[data-run=\"15\"]').classList.contains('running')", 10)
    before = browser.js("Number(document.querySelector('.chart').dataset.points)")
    for step in range(4001, 4051):
        db.execute("INSERT INTO metrics VALUES (15, 'loss', ?, 1.5)", (step,))
    db.execute("UPDATE runs SET step = 4050, updated = ? WHERE id = 15", (time.time(),))
    db.commit()
    browser.wait(f"Number(document.querySelector('.chart').dataset.points) === {before + 50}", 10)
    expect(True, "a run that trains grows on the page")
    db.close()


def run(athanor, folder, pictures):
    database = folder / "runs.db"
    make(database, 15, 4000, athanor)
    with sqlite3.connect(database) as db:
        db.execute("UPDATE runs SET out = ? WHERE id = 15", ("/experiments/" + HOSTILE.replace("/", ""),))
        db.execute("UPDATE samples SET text = ? WHERE run = 15", (HOSTILE,))
    with Browser() as browser:
        browser.dark(False)
        check_empty(browser, athanor, folder)
        server = Server(athanor, database)
        try:
            browser.complaints()
            browser.events.clear()  # of the server that has ended
            browser.open(server.url)
            check_list(browser)
            check_charts(browser)
            if pictures:
                browser.screenshot(pictures / "curves.png")
            check_views(browser, server.url)
            check_looks(browser)
            check_live(browser, database)
            expect(not browser.js("window.hacked"), "nothing hostile ran")
            complaints = browser.complaints()
            expect(not complaints, f"the console is silent {complaints}")
            outside = [u for u in browser.requests() if not u.startswith(("http://127.0.0.1:", "about:"))]
            expect(not outside, f"no request leaves this machine {outside}")
            expect(server.end() == 0, "Ctrl-C ends the server with 0")
            browser.wait("!document.getElementById('trouble').hidden", 10)
            expect(True, "a server that is gone is said")
        finally:
            server.end()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--athanor", default=ROOT / "build/bin/athanor", type=Path)
    parser.add_argument("--pictures", type=Path)
    options = parser.parse_args()
    if not Browser.program():
        print("skipped: no Chromium here (apt-get install chromium)")
        return 77
    with tempfile.TemporaryDirectory(prefix="athanor-page-") as folder:
        run(options.athanor, Path(folder), options.pictures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
