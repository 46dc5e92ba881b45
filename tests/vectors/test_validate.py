"""weir validate, tiers on tables made here: test_validate.py PROGRAM"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest

PROGRAM = ''
COLUMNS = ['notional_floor', 'notional_cap', 'maintenance_rate', 'max_leverage',
           'maintenance_amount']
# cum: 0, 50000 * 0.001 = 50, 50 + 250000 * 0.005 = 1300
ROWS = [['0', '50000', '0.004', '125', '0.0'], ['50000', '250000', '0.005', '100', '50.0'],
        ['250000', '1000000.5', '0.01', '50', '1300']]


class ValidateTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def validate(self, table, *args, status=0, name='tiers'):
        path = os.path.join(self.folder.name, 'tiers.json')
        with open(path, 'w', encoding='utf-8') as file:
            file.write(table if isinstance(table, str) else json.dumps(table))
        done = subprocess.run([PROGRAM, 'validate', name, '--tiers', path, *args], text=True,
                              capture_output=True, timeout=60, check=False)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout, done.stderr

    def table(self, rows):
        return {'columns': COLUMNS, 'symbols': {'AAA': ROWS, 'BBB': rows}}

    def changed(self, row, column, value):
        rows = [list(r) for r in ROWS]
        rows[row][column] = value
        return self.table(rows)

    def test_right_table(self):
        out, _ = self.validate(self.table(ROWS), '--symbols')
        self.assertIn('2 of 2 symbols', out)
        self.assertIn('6 of 6 maintenance amounts', out)
        self.assertIn('4 of 4 caps', out)
        self.assertEqual(out.count('pass'), 3)

    def test_rows_of_one_symbol(self):
        out, _ = self.validate(self.table(ROWS), '--symbol', 'AAA')
        self.assertIn('published 1300', out)
        self.assertIn('measured 1300', out)
        _, err = self.validate(self.table(ROWS), '--symbol', 'CCC', status=2)
        self.assertIn('CCC', err)

    def test_what_is_wrong_fails(self):
        for row, column, value in ((1, 4, '50.000000001'), (2, 4, '1299'), (0, 4, '1'),
                                   (1, 0, '49999'), (0, 1, '49999'), (1, 2, '0.006'),
                                   (0, 0, '1')):
            out, _ = self.validate(self.changed(row, column, value), status=1)
            self.assertIn('1 of 2 symbols', out)
            self.assertIn('FAIL', out)

    def test_json(self):
        out, _ = self.validate(self.table(ROWS), '--json')
        result = json.loads(out)['validations'][0]
        self.assertTrue(result['passed'])
        self.assertEqual(result['maintenance_amounts'], {'published': 6, 'equal': 6})
        out, err = self.validate(self.changed(1, 4, '51'), '--json', status=1)
        self.assertFalse(json.loads(out)['validations'][0]['passed'])
        self.assertIn('measured 50', err)

    def test_columns_in_another_order(self):
        rows = [list(reversed(r)) for r in ROWS]
        self.validate({'columns': COLUMNS[::-1], 'symbols': {'AAA': rows}})

    def test_bad_files(self):
        for row, column, value in ((1, 2, 'x'), (1, 2, 0.005), (1, 2, '0.0000000001'),
                                   (1, 1, '40000'), (0, 1, '9' * 30), (1, 3, '1.5'),
                                   (1, 4, '1' + '0' * 37), (1, 4, '0.' + '0' * 20 + '1')):
            _, err = self.validate(self.changed(row, column, value), status=2)
            self.assertIn('BBB', err)
        for text in ('{', '[]', '{"symbols": {}}', '{"symbols": {"A": []}}',
                     '{"symbols": {"A": 1}}',
                     '{"columns": ["x"], "symbols": {"A": [["0"]]}}', ''):
            self.validate(text, status=2)
        self.validate(self.table(ROWS * 20), status=2)

    def run_validations(self, *args, status=0):
        done = subprocess.run([PROGRAM, 'validate', *args], text=True, capture_output=True,
                              timeout=60, check=False)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout

    def test_dutch(self):
        out = self.run_validations('dutch')
        self.assertEqual(out.count('pass'), 7)
        self.assertIn('80 % of the oracle\'s price: published 3180 s, measured 3180 s', out)
        self.assertIn('published 5130 s', out)

    def test_sealed_bid(self):
        out = self.run_validations('sealed-bid')
        self.assertEqual(out.count('pass'), 8)
        self.assertEqual(out, self.run_validations('sealed-bid', '--seed', '1'))
        self.assertNotEqual(out, self.run_validations('sealed-bid', '--seed', '2'))
        self.run_validations('sealed-bid', '--rounds', '1', status=2)
        self.assertEqual(self.run_validations('sealed-bid', '--quiet'), '')

    def test_gap(self):
        out = self.run_validations('gap', '--seed', '5')
        self.assertEqual((out.count('pass'), out.count(' equal to the unit: pass')), (13, 12))
        self.assertNotEqual(out, self.run_validations('gap', '--seed', '6'))
        result = json.loads(self.run_validations('gap', '--json', '--rounds', '40'))
        gap = result['validations'][0]
        self.assertEqual({row['gaps'] for row in gap['rows']}, {40})
        cents = [[round(float(row[key]) * 100) for key in ('published', 'fund_draw', 'adl_haircut',
                                                           'residual')] for row in gap['rows']]
        for debt, *parts in cents:
            self.assertEqual(debt, sum(parts))
            self.assertGreater(debt, 0)
        for part in (1, 2, 3):  # each payer pays somewhere
            self.assertGreater(max(row[part] for row in cents), 0)
        self.assertLess(gap['control']['equal'], gap['control']['gaps'])
        self.assertEqual(self.run_validations('gap', '--quiet'), '')

    def test_schedule(self):
        out = self.run_validations('schedule', '--seed', '5')
        self.assertEqual(out.count('pass'), 3)
        self.assertIn('100 of 100 within 1e-9', out)
        schedules = json.loads(self.run_validations('schedule', '--json', '--rounds', '30'))
        rows = schedules['validations'][0]['schedules']
        self.assertEqual([row['within'] for row in rows], [30, 30, 0])
        self.assertLess(rows[0]['largest_difference'], 1e-9)
        self.assertGreater(rows[2]['least_difference'], 1e-9)
        self.assertGreater(rows[0]['kappa_t'][1], 1)

    def test_adl(self):
        out = self.run_validations('adl-example')
        self.assertEqual(out.count(': pass'), 6)
        result = json.loads(self.run_validations('adl-example', 'water-filling', '--json',
                                                 '--rounds', '50', '--seed', '3'))['validations']
        self.assertEqual([v['passed'] for v in result], [True, True])
        held = [(p['must_hold'], p['held'] == 50) for p in result[1]['properties']]
        self.assertEqual(held, [(True, True)] * 3 + [(False, False)] * 2)
        # Two pools are too few for the control, which is told.
        self.run_validations('water-filling', '--rounds', '2', '--seed', '1', status=1)

    def test_what_the_docs_say_of_gap_and_schedule(self):
        result = json.loads(self.run_validations('--json', 'gap', 'schedule'))['validations']
        gaps, control = result[0]['rows'], result[0]['control']
        averse, even, twap = result[1]['schedules']
        with open('docs/validation.md', encoding='utf-8') as file:
            text = file.read()
        for said in (f'all {sum(row["gaps"] for row in gaps):,} are equal',
                     f'{control["gaps"] - control["equal"]} of {control["gaps"]} do not',
                     f'{averse["within"]} of {averse["runs"]} runs',
                     f'from {averse["kappa_t"][0]:.2f} to {averse["kappa_t"][1]:.0f}',
                     f'largest difference {averse["largest_difference"] * 1e13:.0f} * 10^-13',
                     f'by {twap["least_difference"] * 1e5:.1f} * 10^-5 at least'):
            self.assertIn(said, text)
        self.assertEqual(even['within'], even['runs'])

    def test_interrupted(self):
        with subprocess.Popen([PROGRAM, 'validate', '--json', 'gap', '--rounds', '1000000'],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as weir:
            time.sleep(0.5)
            weir.send_signal(signal.SIGINT)
            out, _ = weir.communicate(timeout=60)
            self.assertEqual(weir.returncode, 130)
        self.assertGreater(json.loads(out)['validations'][0]['rows'][0]['gaps'], 0)

    def test_several_in_one_json(self):
        result = json.loads(self.run_validations('--json', 'sealed-bid', 'dutch'))['validations']
        self.assertEqual([(v['name'], v['passed']) for v in result],
                         [('dutch', True), ('sealed-bid', True)])
        for row in result[1]['revenues']:
            distance = abs(row['measured'] - (row['bidders'] - 1) / (row['bidders'] + 1))
            self.assertLess(distance, 4.5 * row['standard_error'])
            self.assertLess(row['standard_error'], 0.001)

    def test_unknown_name_and_missing_file(self):
        _, err = self.validate(self.table(ROWS), status=2, name='santa')
        self.assertIn('tiers', err)
        done = subprocess.run([PROGRAM, 'validate'], cwd=self.folder.name, capture_output=True,
                              text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn('--tiers', done.stderr)


if __name__ == '__main__':
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=0)
