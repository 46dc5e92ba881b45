"""weir bench: of the book right figures are confirmed, wrong ones and broken files are told; the
trigger index finds what a full scan finds; memory is counted.

    test_bench.py PROGRAM
"""

import json
import os
import random
import struct
import subprocess
import sys
import tempfile
import unittest

PROGRAM = ''
ADD, CANCEL, MARKETABLE = 0, 1, 2
MASK = 2**64 - 1


class Flow:
    """Random messages and what a book of two plain lists makes of them."""

    def __init__(self, count, seed):
        self.random = random.Random(seed)
        self.rest = {}  # id: [side, price, qty], in order of arrival
        self.messages = []
        self.next_id = 1
        self.trades = self.qty = self.value = self.hash = self.most_live = 0
        for _ in range(count):
            self.step()
            self.most_live = max(self.most_live, len(self.rest))

    def best(self, side):
        """(price, id) of the order first in line on that side, or None."""
        line = [(price if side else -price, oid) for oid, (s, price, _) in self.rest.items()
                if s == side]
        return min(line) if line else None

    def step(self):
        kind = self.random.choice([ADD] * 5 + [CANCEL] * 4 + [MARKETABLE])
        if kind == CANCEL and self.rest:
            oid = self.random.choice(list(self.rest))
            side, price, qty = self.rest.pop(oid)
            self.messages.append((oid, price, qty, CANCEL, side))
            return
        side, qty = self.random.randrange(2), self.random.randint(1, 100)
        bid, ask = self.best(0), self.best(1)
        oid, self.next_id = self.next_id, self.next_id + 1
        if kind == MARKETABLE and bid and ask:
            price = ask[0] + 2 if side == 0 else -bid[0] - 2
        else:
            kind = ADD
            away = self.random.randint(1, 40)
            if side == 0:
                price = (ask[0] if ask else 30000) - away
            else:
                price = (-bid[0] if bid else 30000) + away
        self.messages.append((oid, price, qty, kind, side))
        while qty > 0 and kind == MARKETABLE:
            first = self.best(1 - side)
            if not first or (abs(first[0]) > price if side == 0 else abs(first[0]) < price):
                break
            maker = self.rest[first[1]]
            lots = min(qty, maker[2])
            self.trade(first[1], oid, lots, maker[1])
            qty -= lots
            maker[2] -= lots
            if maker[2] == 0:
                del self.rest[first[1]]
        if qty > 0:
            self.rest[oid] = [side, price, qty]

    def trade(self, maker, taker, qty, price):
        self.trades += 1
        self.qty += qty
        self.value += qty * price
        x = (maker << 32 | taker) ^ (qty << 20)
        self.hash = (self.hash ^ x) * 0x9E3779B97F4A7C15 & MASK
        self.hash ^= self.hash >> 29

    def file(self):
        prices = [m[1] for m in self.messages]
        kinds = [sum(m[3] == kind for m in self.messages) for kind in (ADD, CANCEL, MARKETABLE)]
        header = struct.pack('<8s2Q2I3Q4Q3Q2Q', b'LOBWL001', len(self.messages), self.next_id - 1,
                             min(prices), max(prices), *kinds, self.trades, self.qty, self.value,
                             self.hash, len(self.rest), self.most_live, 7, 0, 0)
        return header + b''.join(struct.pack('<2IH2BI', *m, 0) for m in self.messages)


class BenchTest(unittest.TestCase):
    flow = Flow(4000, 3)

    def bench(self, content, status, *more):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'flow')
            with open(path, 'wb') as file:
                file.write(content)
            done = subprocess.run([PROGRAM, 'bench', 'book', '--workload', path, *more],
                                  capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def test_right_figures_are_confirmed(self):
        self.assertGreater(self.flow.trades, 100)
        result = json.loads(self.bench(self.flow.file(), 0, '--json').stdout)
        self.assertLessEqual({'machine', 'build', 'book'}, set(result))
        self.assertEqual([case['name'] for case in result['book']],
                         ['flow singly', 'flow batched'])
        for case in result['book']:
            self.assertIs(case['checked'], True)
            self.assertGreaterEqual(case['runs'], 5)
            self.assertLessEqual(case['min'], case['median'])
            self.assertLessEqual(case['median'], case['max'])
            self.assertEqual(case['ns_per_op'], case['median'])
        table = self.bench(self.flow.file(), 0).stdout
        self.assertIn('ns_per_op', table)
        self.assertNotIn('WRONG', table)

    def test_each_wrong_figure_is_told(self):
        for place in range(7, 11):  # trades, quantity, value, hash
            content = bytearray(self.flow.file())
            offset = 8 + 16 + 8 + 24 + 8 * (place - 7)
            content[offset] ^= 1
            with self.subTest(offset=offset):
                result = json.loads(self.bench(bytes(content), 1, '--json').stdout)
                self.assertEqual([case['checked'] for case in result['book']], [False, False])

    def test_broken_files(self):
        good = self.flow.file()
        swapped = good[:128] + good[144:160] + good[128:144] + good[160:]
        for content, message in [(b'', 'header'), (good[:100], 'header'), (good[:-1], 'shorter'),
                                 (b'X' + good[1:], 'not a workload'),
                                 (bytes(128), 'not a workload'), (swapped, 'order of arrival')]:
            with self.subTest(message=message):
                done = self.bench(content, 2)
                self.assertIn(message, done.stderr)
                self.assertEqual(done.stdout, '')

    def test_a_cancel_of_what_does_not_rest_is_survived(self):
        cancels = [m for m in self.flow.messages if m[3] == CANCEL]
        content = self.flow.file() + b''.join(struct.pack('<2IH2BI', *m, 0) for m in cancels)
        count = len(self.flow.messages) + len(cancels)
        content = content[:8] + struct.pack('<Q', count) + content[16:]
        self.bench(content, 0)

    def test_the_trigger_index_finds_what_a_scan_finds(self):
        done = subprocess.run([PROGRAM, 'bench', 'trigger', '--quick', '--json'],
                              capture_output=True, text=True, timeout=800)
        self.assertEqual(done.returncode, 0, done.stderr)
        result = json.loads(done.stdout)
        self.assertLessEqual({'machine', 'build', 'trigger'}, set(result))
        cases = {case['name']: case for case in result['trigger']}
        for kind in ('isolated', 'cross'):
            for count in (10000, 100000):
                name = f'{kind} {count} '
                self.assertEqual(cases[name + 'none']['found'], 0)
                self.assertEqual(cases[name + '10 due']['found'], 10)
                self.assertGreaterEqual(cases[name + '10 due']['evaluated'], 10)
                self.assertEqual(cases[name + '1010 due']['found'], 1010)
        for case in result['trigger']:
            self.assertIs(case['checked'], True, case['name'])
            self.assertGreaterEqual(case['runs'], 5)
            self.assertLessEqual(case['min'], case['median'])
            self.assertLessEqual(case['median'], case['max'])
            self.assertEqual(case['ratio'] is None, case['baseline'] is None)
        self.assertGreater(cases['walk 5 bp']['found'], 0)

    def test_memory_counts_what_is_resident(self):
        done = subprocess.run([PROGRAM, 'bench', 'memory', '--quick', '--json'],
                              capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stderr)
        cases = {case['name']: case for case in json.loads(done.stdout)['memory']}
        for name in ('account, cross position', 'account, isolated position',
                     'order, the first of a leg', 'order, a second'):
            case = cases[name]
            self.assertIs(case['checked'], True)
            parts = sum(case[key] for key in ('ledger', 'positions', 'index', 'orders', 'books'))
            self.assertAlmostEqual(case['median'], parts, delta=0.5)
            self.assertGreater(case['names'], 32)
            self.assertGreaterEqual(case['resident'], case['median'])

    def test_the_burst_ends_as_it_must(self):
        done = subprocess.run([PROGRAM, 'bench', 'burst', '--quick', '--accounts', '10000',
                               '--runs', '1', '--json'],
                              capture_output=True, text=True, timeout=600)
        self.assertEqual(done.returncode, 0, done.stderr)
        cases = json.loads(done.stdout)['burst']
        self.assertEqual(len(cases), 6)
        for case in cases:
            self.assertIs(case['checked'], True)
            if not case['name'].startswith('a liquidation'):
                continue
            self.assertAlmostEqual(case['book'], 0.90, delta=0.02)
            self.assertAlmostEqual(case['auction'] + case['backstop'] + case['adl'], 0.10,
                                   delta=0.02)

    def test_everybody_is_charged_what_he_owes(self):
        done = subprocess.run([PROGRAM, 'bench', 'social', '--accounts', '9000', '--runs', '2',
                               '--json'], capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stderr)
        cases = json.loads(done.stdout)['social']
        self.assertEqual(len(cases), 2)
        for case in cases:
            self.assertIs(case['checked'], True, case['name'])
            # Five looks at each of 9,000 accounts, h, the bankrupt and the fund's; 4,096 a command.
            self.assertEqual(case['commands'], 11)

    def test_wrong_usage(self):
        for arguments in (['nothing'], ['--workload'], ['--fast']):
            done = subprocess.run([PROGRAM, 'bench', *arguments], capture_output=True, text=True,
                                  timeout=60)
            self.assertEqual(done.returncode, 2)
            self.assertIn('bench', done.stderr)


if __name__ == '__main__':
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main()
