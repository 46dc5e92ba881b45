"""The report in a real browser: no script error, every chart drawn, the figures of summary.json.

Usage: test_browser.py PROGRAM. Exits 77, saying why, where chromium, its driver or selenium is
missing."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else None
FLAGS = ("--headless=new --no-sandbox --disable-gpu --no-first-run --disable-background-networking "
         "--disable-component-update --disable-sync --disable-default-apps").split()
SUFFIX = {"thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12,
          "K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}
# Charts of series.csv beside one a market.
CHARTS = ("overview", "fund", "interest", "funding", "backlog", "leverage", "liquidity")

DRIVER = shutil.which("chromedriver")
CHROMIUM = shutil.which("chromium")
try:
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
    PROGRAMS = {"chromium": CHROMIUM, "chromedriver": DRIVER}
    MISSING = [name for name, path in PROGRAMS.items() if not path]
except ImportError:
    MISSING = ["python3-selenium"]


def amount(text):
    """The number that a text shows: `$407 million`, `68.7 %`, `1/1,000`, `1,234`, `yes`."""
    words = {"yes": 1.0, "no": 0.0, "true": 1.0, "false": 0.0, "none": None}
    if text.lower() in words:
        return words[text.lower()]
    found = re.fullmatch(r"(\u2212?)\$?(?:1/)?([\d,]+(?:\.\d+)?)\s*([A-Za-z%]*)", text)
    if not found:
        raise ValueError(text)
    sign, digits, unit = found.groups()
    value = float(digits.replace(",", "")) * (-1 if sign else 1)
    return value * (0.01 if unit == "%" else SUFFIX.get(unit, 1))


def value_at(summary, path):
    """The summary's value at a dotted path; names may hold dots themselves."""
    parts = path.split(".")
    for end in range(len(parts), 0, -1):
        key = ".".join(parts[:end])
        if isinstance(summary, dict) and key in summary:
            return summary[key] if end == len(parts) else value_at(summary[key],
                                                                    ".".join(parts[end:]))
    raise KeyError(path)


class Browser(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        options = Options()
        options.binary_location = CHROMIUM
        for flag in FLAGS:
            options.add_argument(flag)
        options.add_argument("--user-data-dir=" + os.path.join(cls.scratch.name, "profile"))
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        cls.browser = webdriver.Chrome(service=Service(DRIVER), options=options)
        cls.browser.set_page_load_timeout(60)
        cls.browser.set_script_timeout(60)

    @classmethod
    def tearDownClass(cls):
        cls.browser.quit()
        cls.scratch.cleanup()

    def folder(self, kind, *options):
        path = os.path.join(self.scratch.name, kind + "-".join(options))
        if not os.path.exists(path):
            subprocess.run([sys.executable, os.path.join(HERE, "make_run_folder.py"), path, kind,
                            *options], check=True)
        return path

    def write(self, folder):
        subprocess.run([PROGRAM, "report", "--quiet", folder], check=True, timeout=60)
        with open(os.path.join(folder, "summary.json"), encoding="utf-8") as file:
            return json.load(file)

    def show(self, folder, width=1200, scheme="light"):
        """Opens the page and returns the summary; the console must stay empty."""
        summary = self.write(folder)
        browser = self.browser
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "media": "", "features": [{"name": "prefers-color-scheme", "value": scheme},
                                      # No smooth scrolling under the pointer.
                                      {"name": "prefers-reduced-motion", "value": "reduce"}]})
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600})
        browser.get_log("performance")
        browser.get("file://" + os.path.join(folder, "report.html"))
        self.quiet()
        return summary

    def quiet(self):
        self.assertEqual(self.browser.get_log("browser"), [])

    def settle(self):
        """Waits for observers and frames of what was just done."""
        self.browser.execute_async_script(
            "const done = arguments[0];"
            "requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 50)));")

    def drawn(self):
        """Per chart: the longest path of its lines, its bars, its axis labels."""
        return self.browser.execute_script("""
            return [...document.querySelectorAll('.chart')].map((chart) => ({
                title: chart.querySelector('figcaption').textContent,
                lines: [...chart.querySelectorAll('.plot .line')].map((line) =>
                    line.getTotalLength()),
                bars: [...chart.querySelectorAll('.plot .bar')].map((bar) =>
                    bar.getBBox().height),
                labels: [...chart.querySelectorAll('.plot text')].map((text) => text.textContent),
                name: chart.querySelector('.plot').getAttribute('aria-label'),
                width: chart.querySelector('.plot svg').getBoundingClientRect().width}));""")

    def check_drawn(self, markets):
        charts = self.drawn()
        self.assertEqual(len(charts), len(CHARTS) + markets)
        for chart in charts:
            self.assertTrue(chart["lines"] or chart["bars"], chart["title"])
            for length in chart["lines"]:
                self.assertGreater(length, chart["width"] * 0.5, chart["title"])
            self.assertGreater(len(chart["labels"]), 2, chart["title"])
            self.assertNotIn("not recorded in this run", chart["labels"], chart["title"])
            self.assertIn(chart["title"], chart["name"])
            for text in chart["labels"]:
                self.assertNotRegex(text, "NaN|undefined|Infinity|null", chart["title"])
        return charts

    def check_figures(self, summary):
        """Everything marked with a key of the summary shows its value, to the digits it has."""
        shown = self.browser.execute_script(
            "return [...document.querySelectorAll('[data-key]')].filter((node) =>"
            " !node.closest('#figure-table')).map((node) => [node.dataset.key, node.textContent]);")
        self.assertGreater(len({key for key, _ in shown}), 40)
        for key, text in shown:
            value = value_at(summary, key)
            if key in ("scenario", "policy", "seed", "state_hash"):
                self.assertEqual(text, str(value))
            elif key.startswith("performance.command_ns") or key in ("simulated_s",
                                                                     "performance.wall_s"):
                self.assertRegex(text, r"^[\d,.]+ (ns|µs|ms|s|min|h|d)$")
            elif isinstance(value, bool):
                self.assertEqual(text.lower() == "yes", value)
            elif value is None:
                self.assertEqual(text, "none")
            else:
                # Two or more digits are shown: half a unit of the second is the error allowed.
                self.assertAlmostEqual(amount(text), float(value), msg=key,
                                       delta=max(abs(float(value)) * 0.02, 0.006))

    def test_charts_and_figures(self):
        summary = self.show(self.folder("hour"))
        charts = self.check_drawn(len(summary["price"]))
        self.assertTrue(all(max(chart["bars"]) > 5 for chart in charts if chart["bars"]))
        self.check_figures(summary)
        headline = self.browser.find_element(By.ID, "headline").text
        peak = summary["liquidations"]["peak_hour"]
        self.assertAlmostEqual(amount(re.search(r"\$[\d.]+ \w+", headline)[0]),
                               float(peak["notional"]), delta=float(peak["notional"]) * 0.005)
        self.assertIn(f"{float(peak['long_share']) * 100:.1f} %", headline)

    def test_every_figure_exactly(self):
        summary = self.show(self.folder("hour"))
        shown = dict(self.browser.execute_script(
            "return [...document.querySelectorAll('#figure-table [data-key]')].map((node) =>"
            " [node.dataset.key, node.textContent]);"))

        def leaves(value, path):
            if isinstance(value, dict):
                for key in value:
                    yield from leaves(value[key], path + [key])
            else:
                yield ".".join(path), value
        for key, value in leaves(summary, []):
            text = shown.pop(key)
            if isinstance(value, float):
                self.assertEqual(float(text), value, key)
            else:
                self.assertEqual(text, json.dumps(value).strip('"'), key)
        self.assertEqual(shown, {})

    def test_every_stage(self):
        summary = self.show(self.folder("stress"))
        self.check_drawn(len(summary["price"]))
        self.check_figures(summary)
        widths = self.browser.execute_script(
            "return [...document.querySelectorAll('#stages .fill')].map((node) =>"
            " node.getBoundingClientRect().width);")
        self.assertEqual(len(widths), 5)
        self.assertTrue(all(width >= 3 for width in widths), widths)
        rows = self.browser.find_elements(By.CSS_SELECTOR, "#top-adl tbody tr")
        self.assertEqual(len(rows), min(20, summary["adl"]["accounts"]))

    def test_nothing_happened(self):
        summary = self.show(self.folder("calm"))
        self.check_drawn(len(summary["price"]))
        self.check_figures(summary)
        self.assertIn("Not one position", self.browser.find_element(By.ID, "headline").text)
        self.assertNotRegex(self.browser.find_element(By.TAG_NAME, "body").text,
                            "NaN|undefined|Infinity|\\[object")

    def test_short_run_and_long_run(self):
        for options in (("--hours", "0.5", "--step", "5"), ("--hours", "24", "--step", "10")):
            summary = self.show(self.folder("hour", *options))
            self.check_drawn(len(summary["price"]))
            self.assertNotRegex(self.browser.find_element(By.TAG_NAME, "body").text,
                                "NaN|undefined|Infinity|\\[object")

    def test_one_market_and_many(self):
        self.show(self.folder("hour", "--markets", "1", "--step", "300"))
        self.check_drawn(1)
        summary = self.show(self.folder("hour", "--markets", "30", "--step", "300"))
        self.assertEqual(len(summary["price"]), 30)
        self.check_drawn(12)
        self.browser.find_element(By.CSS_SELECTOR, "#happened > details > summary").click()
        self.settle()
        self.check_drawn(30)
        self.quiet()

    def test_empty_files(self):
        folder = self.folder("calm", "--step", "3600")
        for name in ("series.csv", "liquidations.csv", "adl.csv"):
            path = os.path.join(folder, name)
            with open(path, encoding="ascii") as file:
                header = file.readline()
            with open(path, "w", encoding="ascii") as file:
                file.write(header)
        self.show(folder)
        self.assertIn("no samples", self.browser.find_element(By.ID, "range-controls").text)
        self.assertEqual(len(self.browser.find_elements(By.CSS_SELECTOR, "#figure-table tr")) > 40,
                         True)

    def test_colour_schemes(self):
        seen = {}
        for scheme in ("light", "dark"):
            self.show(self.folder("hour"), scheme=scheme)
            seen[scheme] = self.browser.execute_script("""
                const rgb = (text) => text.match(/[\\d.]+/g).slice(0, 3).map(Number);
                const style = (selector) => getComputedStyle(document.querySelector(selector));
                const light = (parts) => {
                    const [r, g, b] = parts.map((part) => part / 255).map((part) =>
                        part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
                    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
                };
                const paper = light(rgb(style('body').backgroundColor));
                const contrast = (color) => {
                    const pair = [light(rgb(color)), paper].sort((a, b) => b - a);
                    return (pair[0] + 0.05) / (pair[1] + 0.05);
                };
                return {paper, text: contrast(style('body').color),
                    note: contrast(style('.note').color),
                    axis: contrast(style('.chart svg text').fill),
                    line: contrast(style('.chart .line.c-ink').stroke),
                    long: contrast(style('.bar.c-long').fill),
                    short: contrast(style('.bar.c-short').fill)};""")
            for name in ("text", "note", "axis"):
                self.assertGreater(seen[scheme][name], 4.5, (scheme, name))
            for name in ("line", "long", "short"):
                self.assertGreater(seen[scheme][name], 3, (scheme, name))
        self.assertGreater(seen["light"]["paper"], 0.8)
        self.assertLess(seen["dark"]["paper"], 0.05)

    def test_narrow(self):
        for kind in ("hour", "stress"):
            for width in (320, 360, 768):
                summary = self.show(self.folder(kind), width=width)
                self.browser.execute_script(
                    "for (const node of document.querySelectorAll('details')) node.open = true;")
                self.settle()
                self.quiet()
                wide = self.browser.execute_script("return document.documentElement.scrollWidth;")
                self.assertLessEqual(wide, width, kind)
                self.check_drawn(len(summary["price"]))

    def test_reading_zooming_and_tables(self):
        self.show(self.folder("hour"))
        plot = self.browser.find_element(By.CSS_SELECTOR, "#chart-overview .plot")
        legend = self.browser.find_element(By.CSS_SELECTOR, "#chart-overview .legend")
        self.assertNotIn("at ", legend.text)
        plot.send_keys(Keys.ARROW_RIGHT)
        self.assertRegex(legend.text, r"^at 1\d:\d\d")
        plot.send_keys(Keys.HOME)
        self.assertRegex(legend.text, r"^at 0:00")
        plot.send_keys(Keys.ESCAPE)
        self.assertNotIn("at ", legend.text)
        before = self.drawn()
        buttons = self.browser.find_elements(By.CSS_SELECTOR, "#range-controls button")
        self.assertEqual([button.text for button in buttons], ["Whole run", "Worst hour"])
        buttons[1].send_keys(Keys.ENTER)
        pressed = self.browser.find_elements(By.CSS_SELECTOR, "[aria-pressed=true]")
        self.assertEqual([button.text for button in pressed], ["Worst hour"])
        self.assertEqual(self.browser.switch_to.active_element.text, "Worst hour")
        self.assertNotEqual(before[0]["labels"], self.drawn()[0]["labels"])
        # Dragging over a chart shows that part in all of them.
        webdriver.ActionChains(self.browser).move_to_element(plot).click_and_hold() \
            .move_by_offset(150, 0).release().perform()
        self.assertEqual(self.browser.find_elements(By.CSS_SELECTOR, "[aria-pressed=true]"), [])
        self.check_drawn(8)
        self.browser.execute_script(
            "for (const node of document.querySelectorAll('details')) node.open = true;")
        self.settle()
        rows = self.browser.find_elements(By.CSS_SELECTOR, "#chart-overview table tbody tr")
        self.assertGreater(len(rows), 4)
        market = self.browser.find_element(By.ID, "liquidity-market")
        market.send_keys(Keys.ARROW_DOWN)
        self.assertIn("ETH-PERP", self.browser.find_element(
            By.CSS_SELECTOR, "#chart-liquidity figcaption").text)
        self.quiet()

    def test_structure(self):
        """Names for what is drawn, one h1, headings in order, links that lead somewhere."""
        self.show(self.folder("stress"))
        levels = self.browser.execute_script(
            "return [...document.querySelectorAll('h1,h2,h3')].map((node) => +node.tagName[1]);")
        self.assertEqual(levels.count(1), 1)
        self.assertTrue(all(b - a <= 1 for a, b in zip(levels, levels[1:])), levels)
        problems = self.browser.execute_script("""
            const found = [];
            for (const link of document.querySelectorAll('a'))
                if (!document.querySelector(link.getAttribute('href'))) found.push(link.outerHTML);
            for (const table of document.querySelectorAll('table'))
                if (!table.caption || !table.caption.textContent) found.push(table.id);
            for (const plot of document.querySelectorAll('.plot'))
                if (!plot.getAttribute('aria-label')) found.push('plot');
            const ids = [...document.querySelectorAll('[id]')].map((node) => node.id);
            if (new Set(ids).size !== ids.length) found.push('an id stands twice');
            return found;""")
        self.assertEqual(problems, [])

    def test_asks_for_nothing(self):
        self.show(self.folder("hour"))
        self.settle()
        asked = []
        for entry in self.browser.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                asked.append(message["params"]["request"]["url"])
        others = [url for url in asked if not url.endswith("report.html") and
                  not url.startswith(("data:", "chrome:"))]  # the browser's own pages
        self.assertTrue(asked)
        self.assertEqual(others, [])

    def test_hostile_names(self):
        folder = self.folder("stress", "--step", "900")
        hostile = "</script><img src=x onerror=a>"
        for name in ("series.csv", "liquidations.csv", "adl.csv"):
            path = os.path.join(folder, name)
            with open(path, encoding="ascii") as file:
                text = file.read()
            with open(path, "w", encoding="ascii") as file:
                file.write(text.replace("BTC-PERP", hostile).replace("winner-1,", hostile + ","))
        path = os.path.join(folder, "summary.json")
        with open(path, encoding="ascii") as file:
            text = file.read()
        with open(path, "w", encoding="ascii") as file:
            file.write(text.replace("BTC-PERP", hostile).replace("october-2025", hostile))
        self.show(folder)
        self.assertEqual(self.browser.find_elements(By.TAG_NAME, "img"), [])
        self.assertIn(hostile, self.browser.find_element(By.ID, "kicker").text)
        self.assertIn(hostile, self.browser.find_element(By.ID, "market-table").text)
        # What is offered for copying keeps it inside quotes.
        command = self.browser.find_element(By.CSS_SELECTOR, "#commands code").text
        self.assertIn("'scenarios/" + hostile + ".yaml'", command)

    def test_books_that_do_not_balance(self):
        folder = self.folder("calm", "--step", "1800")
        path = os.path.join(folder, "summary.json")
        with open(path, encoding="ascii") as file:
            text = file.read()
        with open(path, "w", encoding="ascii") as file:
            file.write(text.replace('"conserved": true', '"conserved": false'))
        self.show(folder)
        self.assertIn("do not balance", self.browser.find_element(By.ID, "problem").text)

    def test_prints(self):
        self.show(self.folder("hour"))
        pdf = self.browser.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})["data"]
        self.assertGreater(len(pdf), 50000)


if __name__ == "__main__":
    if MISSING:
        print("skipped: " + ", ".join(MISSING) + " is missing")
        sys.exit(77)
    unittest.main()
