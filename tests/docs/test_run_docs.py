"""run_docs.py passes a page that is right and finds what is wrong with one that is not."""

import os
import stat
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import run_docs

PROGRAM = '''#!/bin/sh
[ "$1" = fail ] && exit 2
echo '{"a": {"b": "1.5", "ok": true}}' > s.json
'''
RIGHT = """[dev](dev)
```sh
./dev build
build/weir run
```
<!-- exit: 2 -->
```sh
build/weir fail
```
<!-- expect: s.json a.b > 1 -->
<!-- expect: s.json a.ok == true -->
```sh
build/weir run
```
<!-- not run: it would fail -->
```sh
build/weir fail
```
"""
WRONG = [
    ('```sh\nbuild/weir fail\n```\n', 'status 2, expected 0'),
    ('```sh\nbuild/weir fail\nbuild/weir run\n```\n', 'status 2'),
    ('```sh\nbuild/weir fail | cat\n```\n', 'status 2'),
    ('<!-- exit: 2 -->\n```sh\nbuild/weir run\n```\n', 'status 0, expected 2'),
    ('<!-- expect: s.json a.b > 2 -->\n```sh\nbuild/weir run\n```\n', 'it is 1.5'),
    ('<!-- expect: s.json a.c > 2 -->\n```sh\nbuild/weir run\n```\n', 'KeyError'),
    ('<!-- expect: all well -->\n```sh\nbuild/weir run\n```\n', 'cannot be read'),
    ('```c\nint gone(void);\n```\n', 'no source file has this C'),
    ('# The heading\n[this](#the-heading), [that](#another)\n', '#another leads to no heading'),
    ('see [this](gone.md)\n', 'leads nowhere'),
    ('`./dev dance`\n', 'no verb dance'),
]


def problems(text):
    with tempfile.TemporaryDirectory() as root:
        for name, content in (('dev', 'verb_build() { :; }\n'), ('program', PROGRAM),
                              ('README.md', text)):
            with open(os.path.join(root, name), 'w', encoding='utf-8') as file:
                file.write(content)
        program = os.path.join(root, 'program')
        os.chmod(program, os.stat(program).st_mode | stat.S_IXUSR)
        return run_docs.run_page('README.md', root, program)


class RunDocsTest(unittest.TestCase):
    def test_right_page(self):
        self.assertEqual(problems(RIGHT), [])

    def test_each_fault_is_found(self):
        for text, message in WRONG:
            with self.subTest(message=message):
                found = problems(text)
                self.assertEqual(len(found), 1, found)
                self.assertIn(message, found[0])


if __name__ == '__main__':
    unittest.main()
