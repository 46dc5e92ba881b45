"""The table of docs/deleveraging.md against the scripts it tells of: test_deleveraging.py PROGRAM

The scripts are run by the engine and the twin in tests/engine.
"""

import glob
import re
import sys
import unittest

PAGE = 'docs/deleveraging.md'
MARK = 905


def rows(text, first):
    """{name: cells} of the table whose head begins so."""
    table = re.search(r'^' + first + r'.*\n\|[-:|]+\n((?:\|.*\n)+)', text, re.M).group(1)
    cells = [line.strip('| \n').split(' | ') for line in table.strip().split('\n')]
    return {row[0].strip('`'): [cell.strip() for cell in row[1:]] for row in cells}


def taken(script):
    """(ranking, {account: lots}) of a script with the five shorts of the page, else None."""
    if 'deposit account=s5 amount=6000' not in script:
        return None
    ranking = re.search(r'^set adl.ranking=(\w+)', script, re.M).group(1)
    fills = re.findall(r'^< fill kind=adl .*maker=(\w+) qty=(\d+)', script, re.M)
    return ranking, {account: int(lots) for account, lots in fills}


class DeleveragingTest(unittest.TestCase):
    def test_table(self):
        with open(PAGE, encoding='utf-8') as file:
            text = file.read()
        shorts, table = rows(text, r'\| \| lots'), rows(text, r'\| ranking')
        lots = {name: int(row[0]) for name, row in shorts.items()}
        equity = {name: int(row[2]) for name, row in shorts.items()}
        for name, row in shorts.items():
            self.assertEqual(row[4], f'{lots[name] * MARK / equity[name]:.3f}')
        scripts = {}
        for path in glob.glob('tests/engine/scripts/R28-adl-*.script'):
            with open(path, encoding='utf-8') as file:
                found = taken(file.read())
            if found:
                scripts[found[0]] = found[1]
        self.assertEqual(set(table), set(scripts))
        self.assertEqual(len(table), 11)
        for ranking, row in table.items():
            given = dict(zip(lots, map(int, row), strict=False))
            self.assertEqual({k: v for k, v in given.items() if v}, scripts[ranking], ranking)
            left = max((lots[k] - given[k]) * MARK / equity[k] for k in lots)
            self.assertEqual(row[5], f'{left:.3f}', ranking)


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1])
