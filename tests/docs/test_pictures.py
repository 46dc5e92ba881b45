"""The pictures and tables of the docs are what the program gives now: test_pictures.py PROGRAM"""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

PROGRAM = ''
SLOW = int(os.environ.get('WEIR_TEST_SCALE', '100')) < 100
SCRIPT = 'docs/pictures/pictures.py'


def run(script, *args):
    return subprocess.run([sys.executable, '-B', script, PROGRAM, *args], capture_output=True,
                          text=True, timeout=600, check=False)


class PicturesTest(unittest.TestCase):
    def test_they_are_up_to_date(self):
        done = run(SCRIPT, '--check')
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, '', ''))

    def test_they_are_pictures_for_light_and_dark(self):
        for name in os.listdir('docs/images'):
            if name.endswith('.svg'):
                path = os.path.join('docs/images', name)
                root = xml.etree.ElementTree.parse(path).getroot()
                tags = {element.tag.split('}')[1] for element in root.iter()}
                self.assertIn('title', tags, name)
                with open(path, encoding='utf-8') as file:
                    self.assertIn('prefers-color-scheme: dark', file.read(), name)

    @unittest.skipIf(SLOW, 'the runs behind the pictures are made once in a slow build')
    def test_what_is_stale_is_told_and_made_again(self):
        with tempfile.TemporaryDirectory() as folder:
            for part in ('docs', 'venues'):
                shutil.copytree(part, os.path.join(folder, part))
            script = os.path.join(folder, SCRIPT)
            picture = os.path.join(folder, 'docs/images/waterfall.svg')
            with open(picture, encoding='utf-8') as file:
                right = file.read()
            with open(picture, 'w', encoding='utf-8') as file:
                file.write(right.replace('884', '885'))
            done = run(script, '--check')
            self.assertEqual(done.returncode, 1)
            self.assertIn('docs/images/waterfall.svg: not what the program gives', done.stdout)
            self.assertEqual(run(script).returncode, 0)
            with open(picture, encoding='utf-8') as file:
                self.assertEqual(file.read(), right)
            self.assertEqual(run(script, '--check').returncode, 0)


if __name__ == '__main__':
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=0)
