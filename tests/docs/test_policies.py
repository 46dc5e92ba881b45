"""What docs/policies.md says of the policies is what its table says: test_policies.py PROGRAM

The table itself is compared with the program by test_pictures.py. A sentence about a policy may
name numbers of its row, and of the rows of policies it names, on the days it names.
"""

import re
import sys
import unittest

PAGE = 'docs/policies.md'


def read():
    """{policy: {day: (lots, deleveraged, seconds, equity)}}, {policy: its paragraph}"""
    with open(PAGE, encoding='utf-8') as file:
        text = file.read()
    made = re.search(r'<!-- made by ./dev pictures: policies -->(.*?)<!-- made until', text, re.S)
    lines = made.group(1).strip().split('\n')
    days = re.findall(r'`(\w+)`', lines[0])
    table = {}
    for line in lines[2:]:
        name, *cells = line.strip('| ').split(' | ')
        row = {}
        for day, cell in zip(days, cells, strict=True):
            lots, more, seconds, equity = re.fullmatch(
                r'(\d+)(?: \+ (\d+))? / (\d+) s / ([\d,]+)', cell).groups()
            row[day] = (int(lots), int(more or 0), int(seconds), int(equity.replace(',', '')))
        table[re.match(r'`(\w+)`', name).group(1)] = row
    return table, dict(re.findall(r'^- \*\*`(\w+)`\*\* (.*)$', text, re.M))


class PoliciesTest(unittest.TestCase):
    def setUp(self):
        self.table, self.paragraphs = read()
        self.days = list(next(iter(self.table.values())))

    def test_each_has_a_row_and_a_paragraph_that_says_when_it_wins_and_loses(self):
        self.assertEqual(len(self.table), 13)
        self.assertEqual(set(self.table), set(self.paragraphs))
        for name, text in self.paragraphs.items():
            self.assertRegex(text, r'It wins .*\d.* It loses .*\d', name)

    def test_numbers(self):
        for name, text in self.paragraphs.items():
            named = re.findall(r'`(\w+)`', text)
            rows = [self.table[policy] for policy in {name, *named} if policy in self.table]
            days = [day for day in self.days if day in named]
            allowed = {number for row in rows for day in days for number in row[day]}
            plain = re.sub(r'\d+ %|\b\d+s\b|risk aversion is 0', '', text)
            found = [int(n.replace(',', '')) for n in re.findall(r'\d[\d,]*\b', plain)]
            self.assertTrue(found, name)
            for number in found:
                self.assertIn(number, allowed, f'{name}: {text}')

    def test_superlatives(self):
        count = 0
        for name, text in self.paragraphs.items():
            for equity, word, day in re.findall(
                    r'([\d,]+)(?: are kept|, nobody)?(?:,| and)? the (most|least) of all on '
                    r'`(\w+)`', text):
                best = {'most': max, 'least': min}[word]
                self.assertEqual(best(self.table, key=lambda p: self.table[p][day][3]), name)
                self.assertEqual(self.table[name][day][3], int(equity.replace(',', '')))
                count += 1
            self.assertEqual(len(re.findall('(?:most|least) of all on', text)),
                             len(re.findall(r'[\d,]+(?: are kept)?, the (?:most|least) of all on',
                                            text)), name)
        self.assertGreaterEqual(count, 7)


if __name__ == '__main__':
    sys.argv.pop(1)
    unittest.main(verbosity=0)
