"""Every number of docs/waterfall.md is what the program prints: test_waterfall.py PROGRAM

- Events quoted in ```json blocks are events of the replay, in that order (keys may be left out).
- Formulas (`a = b`, `a <= b` in backticks) hold exactly.
- Every other number of the text stands in the commands, the venue or the events, or is the result
  of a formula; and the result of a formula stands in the events, or is used in the text.
"""

import ast
import json
import math
import operator
import os
import re
import subprocess
import sys
import unittest
from fractions import Fraction

PROGRAM = ''
PAGE = 'docs/waterfall.md'
COMMANDS, VENUE = 'docs/examples/waterfall.jsonl', 'docs/examples/waterfall.yaml'
NUMBER = re.compile(r'(?<![\w.-])-?\d+(?:,\d{3})*(?:\.\d+)?(?![\w])')
OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
             ast.Div: operator.truediv, ast.LtE: operator.le, ast.Lt: operator.lt,
             ast.GtE: operator.ge, ast.Gt: operator.gt, ast.Eq: operator.eq}
FUNCTIONS = {'min': min, 'max': max, 'floor': lambda x: Fraction(math.floor(x)),
             'ceil': lambda x: Fraction(math.ceil(x))}


def number(text):
    return Fraction(text.replace(',', ''))


def evaluate(text):
    """The value of a formula, exact."""
    def value(node):
        if isinstance(node, ast.Constant):
            return Fraction(ast.get_source_segment(text, node))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -value(node.operand)
        if isinstance(node, ast.BinOp):
            return OPERATORS[type(node.op)](value(node.left), value(node.right))
        if isinstance(node, ast.Call):
            return FUNCTIONS[node.func.id](*map(value, node.args))
        if isinstance(node, ast.Compare):
            return all(OPERATORS[type(op)](value(a), value(b)) for op, a, b in
                       zip(node.ops, [node.left, *node.comparators], node.comparators))
        raise ValueError(f'`{text}` has more than numbers, + - * /, floor, ceil, min and max')
    return value(ast.parse(text, mode='eval').body)


def part_of(expected, actual):
    if isinstance(expected, dict):
        return isinstance(actual, dict) and all(k in actual and part_of(v, actual[k])
                                                for k, v in expected.items())
    return expected == actual


def numbers_in(value, found):
    """Every number of an event or command but its counters and times."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in ('seq', 'n', 't', 'closes_at', 'state_hash', 'liquidation', 'rank'):
                numbers_in(inner, found)
    elif isinstance(value, list):
        for inner in value:
            numbers_in(inner, found)
    elif not isinstance(value, bool) and value is not None:
        if re.fullmatch(r'-?\d+(\.\d+)?', str(value)):
            found.add(number(str(value)))
    return found


def problems(text, commands, venue, events, explained):
    """What a page's text says and is not so."""
    found, at = [], 0
    for quoted in re.findall(r'```json\n(.*?)```', text, re.S):
        for line in quoted.strip().split('\n'):
            wanted = json.loads(line)
            hit = next((i for i in range(at, len(events)) if part_of(wanted, events[i])), None)
            if hit is None:
                found.append(f'no event like this (in this order): {line}')
            else:
                at = hit
    printed = numbers_in(events, set()) | explained
    known = set(printed) | numbers_in(commands, set()) | {number(n) for n in NUMBER.findall(venue)}
    known |= {Fraction(1, 10**int(d)) for d in re.findall(r'decimals: (\d+)', venue)}
    known.add(Fraction(1, 10**9))  # what rates are printed to
    known |= {abs(n) for n in known}
    text = re.sub(r'```.*?```', '', text, flags=re.S)
    text = re.sub(r'\]\([^)]*\)|\bR\d+\b|^\d+\. |^#.*', ' ', text, flags=re.M)
    used, results = [], {}
    for code, prose in re.findall(r'`([^`]*)`|([^`]+)', text):
        if re.search(r' (=|<|>|<=|>=) ', code):
            try:
                if not evaluate(code.replace(' = ', ' == ')):
                    found.append(f'`{code}` is not so')
                left, equal, right = code.partition(' = ')
                if equal:
                    results.setdefault(evaluate(right), code)
                used += [(n, code) for n in NUMBER.findall(left if equal else code)]
            except (SyntaxError, ValueError, KeyError) as error:
                found.append(f'`{code}` cannot be read: {error}')
        elif prose:
            prose = re.sub(r'[Cc]ommand (\d+)', ' ', prose)
            prose = re.sub(r'(\d+) %', lambda m: str(int(m.group(1)) / 100), prose)
            used += [(n, ' '.join(prose.split())) for n in NUMBER.findall(prose)]
    known |= {abs(n) for n in [*known, *results]}
    found += [f'{text_of} is printed nowhere: {where}' for text_of, where in used
              if abs(number(text_of)) not in known | {0, 1}]
    asked = {abs(number(text_of)) for text_of, _ in used} | {abs(n) for n in printed}
    return found + [f'nothing prints or uses the result of `{code}`'
                    for result, code in results.items() if abs(result) not in asked]


class WaterfallTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        with open(PAGE, encoding='utf-8') as file:
            cls.page = file.read()
        with open(COMMANDS, encoding='utf-8') as file:
            cls.commands = [json.loads(line) for line in file]
        with open(VENUE, encoding='utf-8') as file:
            cls.venue = file.read()
        out = subprocess.run([PROGRAM, 'replay', COMMANDS, '--venue', VENUE, '--quiet'],
                             check=True, capture_output=True, text=True, timeout=60).stdout
        cls.events = [json.loads(line) for line in out.splitlines()]
        out = subprocess.run([PROGRAM, 'explain', COMMANDS, '--venue', VENUE, '--account', 'lena'],
                             check=True, capture_output=True, text=True, timeout=60).stdout
        told = re.sub(r'\bR\d+\b|^  \{.*|^command.*', ' ', out, flags=re.M)
        cls.told = {number(n) for n in NUMBER.findall(told)}

    def found(self, page=None):
        return problems(page or self.page, self.commands, self.venue, self.events, self.told)

    def test_the_page_is_right(self):
        self.assertEqual(self.found(), [])

    def test_explain_tells_the_same(self):
        """What the page quotes of the account's own events, weir explain tells in words."""
        quoted = [json.loads(line) for block in re.findall(r'```json\n(.*?)```', self.page, re.S)
                  for line in block.strip().split('\n')]
        quoted = [event for event in quoted if event['event'] not in ('socialised', 'totals')
                  and event.get('cause') != 'dust']
        self.assertGreater(len(quoted), 10)
        for event in quoted:
            for value in numbers_in(event, set()):
                self.assertTrue({value, -value} & self.told, event)

    def test_every_stage_is_passed(self):
        ended = next(e for e in self.events if e['event'] == 'liquidation_ended')
        for stage in ('book', 'auction', 'backstop', 'adl', 'shortfall'):
            self.assertGreater(float(ended[stage]), 0, stage)
        causes = {e['cause'] for e in self.events if e['event'] == 'fund_movement'}
        self.assertLessEqual({'liquidation_fee', 'gap', 'shortfall', 'dust'}, causes)
        self.assertTrue(any(e['event'] == 'socialised' for e in self.events))

    def test_a_changed_number_is_noticed(self):
        """Each number of the text, each quoted event and each formula in turn."""
        start = self.page.index('### The start')
        end = self.page.index('## What a venue changes')
        noticed = total = 0
        for match in NUMBER.finditer(self.page, start, end):
            before = self.page[max(0, match.start() - 8):match.start()]
            if before.lower().endswith('command ') or before.endswith('"rank":'):
                continue
            changed = self.page[:match.start()] + match.group() + '7' + self.page[match.end():]
            total += 1
            noticed += self.found(changed) != []
        self.assertGreater(total, 200)
        self.assertEqual(noticed, total)


if __name__ == '__main__':
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=0)
