"""Each check of tidy.py passes a good tree and finds what is planted in a bad one."""

import os
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tidy

GOOD = {
    'meson.build': "foreach room : ['base', 'engine', 'wire', 'tests']\nsubdir(room)\nendforeach\n",
    'base/meson.build': "weir_sources += files('a.c')\n",
    'base/base.h': '#ifndef B\n#define B\n/* 1.5 of a double, by sprintf( */\nint f(int x);\n'
                   '#endif\n',
    'base/a.c': '#include "base/base.h"\n#include <stdio.h>\n\nint f(int x) {\n    return x;\n}\n',
    'wire/meson.build': "weir_sources += files(\n  'w.c',\n)\n",
    'engine/meson.build': "weir_sources += files('digest.c')\n",
    'engine/digest.c': 'word(d, 1);\nword(d, x);\nword(&d, 2);\n',
    'docs/rules.md': '`9`\n### State digest\n`1` a, `2` b, again `2`\n## More\n`8`\n',
    'wire/w.c': '#include "base/base.h"\n\nstatic const char *const word = "double";\n',
}

# (check, file, content, part of the message)
BAD = [
    ('includes', 'base/a.c', '#include "wire/wire.h"\n', 'base/ may not include wire/wire.h'),
    ('includes', 'base/a.c', '#include <base/base.h>\n', 'with quotes'),
    ('includes', 'base/a.c', '#include "../wire/wire.h"\n', 'not a way to it'),
    ('includes', 'base/a.c', '#include "gone.h"\n', 'neither'),
    ('includes', 'reference/r.c', '#include "engine/engine.h"\n', 'may not include'),
    ('includes', 'engine/e.c', '#include "reference/reference.h"\n', 'may not include'),
    ('includes', 'stray/s.c', '\n', 'no place in the order'),
    ('integers', 'wire/w.c', 'static double x;\n', 'double'),
    ('integers', 'base/a.c', 'int x = (int)1.5;\n', '1.5'),
    ('integers', 'base/a.c', 'long x = (long)1e9;\n', '1e9'),
    ('integers', 'adl/a.c', '#include <math.h>\n', 'math.h'),
    ('text', 'base/a.c', '// ' + 'x' * 98 + '\n', '101 columns'),
    ('text', 'base/a.c', '\n' * 701, '701 lines'),
    ('text', 'base/a.c', 'int x; \n', 'white space'),
    ('text', 'base/a.c', '\tint x;\n', 'tab'),
    ('text', 'base/a.c', 'int x;', 'no newline'),
    ('text', 'base/a.c', '/* TO' 'DO: more */\n', 'unfinished'),
    ('text', 'base/a.py', '# good enough for ' 'now\n', 'unfinished'),
    ('text', 'base/a.c', 'void g(char *s) { s = strtok(s, ","); }\n', 'strtok_r'),
    ('text', 'base/a.c', 'int g(void) {\n' + '    f(1);\n' * 90 + '}\n', 'g has 92 lines'),
    ('text', 'docs/x.md', 'see /ro' 'ot/x\n', 'path of one machine'),
    ('headers', 'base/base.h', 'uint64_t f(void);\n', 'does not compile alone'),
    ('headers', 'base/base.h', 'struct s { int x; };\n', 'does not compile alone'),
    ('sources', 'base/b.c', 'int x;\n', 'no meson.build lists it'),
    ('digest', 'engine/digest.c', 'word(d, 1);\nword(&d, 2);\nword(d, 2);\n', '2 kinds of record'),
    ('digest', 'engine/digest.c', 'word(d, 1);\n', 'no record begins with the tag 2'),
    ('digest', 'docs/rules.md', '### State digest\n`1`\n', 'tag 2 is not described'),
    ('sources', 'adl/meson.build', "weir_sources += files('adl.c')\n", 'never enters'),
]


def problems(check, changes):
    with tempfile.TemporaryDirectory() as root:
        for path, text in {**GOOD, **changes}.items():
            os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
            with open(os.path.join(root, path), 'w', encoding='utf-8') as file:
                file.write(text)
        return list(tidy.CHECKS[check](root))


class TidyTest(unittest.TestCase):
    def test_good_tree_passes(self):
        for check in tidy.CHECKS:
            self.assertEqual(problems(check, {}), [], check)

    def test_each_fault_is_found(self):
        for check, path, text, message in BAD:
            with self.subTest(check=check, message=message):
                found = problems(check, {path: text})
                self.assertEqual(len(found), 1, found)
                self.assertIn(message, found[0])
                self.assertTrue(found[0].startswith(path + ':'), found[0])

    def test_every_check_has_a_fault(self):
        self.assertEqual({row[0] for row in BAD}, set(tidy.CHECKS))


if __name__ == '__main__':
    unittest.main()
