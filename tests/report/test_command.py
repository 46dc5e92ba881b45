"""weir report FOLDER as a command: exit statuses, messages, what it prints.

Usage: test_command.py PROGRAM"""

import json
import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else None


def make(folder, *options):
    subprocess.run([sys.executable, os.path.join(HERE, "make_run_folder.py"), folder, *options],
                   check=True)


def report(*arguments):
    return subprocess.run([PROGRAM, "report", *arguments], capture_output=True, text=True,
                          timeout=120, check=False)


class Command(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.folder = os.path.join(self.scratch.name, "run")
        make(self.folder, "hour", "--step", "600")

    def tearDown(self):
        self.scratch.cleanup()

    def page(self):
        return os.path.join(self.folder, "report.html")

    def test_writes_the_page(self):
        done = report(self.folder)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout, self.page() + "\n")
        with open(self.page(), encoding="utf-8") as file:
            page = file.read()
        self.assertTrue(page.startswith("<!doctype html>"))
        # Nothing to load: no address of another file anywhere but the namespace of SVG.
        for mark in ("src=", "@import", "url(", "fetch(", "XMLHttpRequest", "https://"):
            self.assertNotIn(mark, page)
        self.assertEqual(page.count("http://"), page.count("http://www.w3.org/2000/svg"))

    def test_the_same_folder_gives_the_same_page(self):
        self.assertEqual(report(self.folder).returncode, 0)
        with open(self.page(), "rb") as file:
            first = file.read()
        self.assertEqual(report(self.folder, "--quiet").stdout, "")
        with open(self.page(), "rb") as file:
            self.assertEqual(first, file.read())

    def test_json(self):
        done = report("--json", self.folder)
        self.assertEqual(json.loads(done.stdout), {"report": self.page()})

    def test_bad_folders(self):
        for name in ("summary.json", "series.csv", "liquidations.csv", "adl.csv"):
            path = os.path.join(self.folder, name)
            with open(path, "rb") as file:
                whole = file.read()
            for damage in (b"", whole[:len(whole) // 2 + 3], b"\0" * 10, whole[:-1] + b"\xff"):
                with open(path, "wb") as file:
                    file.write(damage)
                done = report(self.folder)
                # adl.csv of this run is a header alone: half of it still must be refused.
                self.assertEqual((done.returncode, done.stdout), (2, ""), (name, damage[:20]))
                self.assertIn(name, done.stderr)
            os.unlink(path)
            done = report(self.folder)
            self.assertEqual(done.returncode, 2)
            self.assertIn("cannot be opened", done.stderr)
            with open(path, "wb") as file:
                file.write(whole)
        self.assertFalse(os.path.exists(self.page()))

    def test_page_that_cannot_be_written(self):
        os.mkdir(self.page())
        done = report(self.folder)
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot be written", done.stderr)

    def test_usage(self):
        self.assertEqual(report().returncode, 2)
        self.assertEqual(report(self.folder, self.folder).returncode, 2)
        self.assertEqual(report("--no-such-option", self.folder).returncode, 2)
        self.assertEqual(report(os.path.join(self.folder, "none")).returncode, 2)
        help_text = report("--help")
        self.assertEqual(help_text.returncode, 0)
        self.assertIn("Example:", help_text.stdout)


if __name__ == "__main__":
    unittest.main()
