"""The venue files of venues/ that are profiles of real venues: test_profiles.py PROGRAM

They load; the program reads in them what profiles.py reads, by digest; the page says what they
say."""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from fractions import Fraction as F

sys.dont_write_bytecode = True
import page
import profiles

PROGRAM = ''
SCENARIO = ['BTC-PERP', 'ETH-PERP', 'SOL-PERP', 'XRP-PERP', 'DOGE-PERP', 'BNB-PERP', 'ADA-PERP',
            'AVAX-PERP']


class ProfileTest(unittest.TestCase):
    def digest(self, path):
        """Of the venue, from the log of a run without commands."""
        with tempfile.TemporaryDirectory() as folder:
            log = os.path.join(folder, 'log')
            done = subprocess.run([PROGRAM, 'replay', '-', '--venue', path, '--log', log],
                                  input='', capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            done = subprocess.run([PROGRAM, 'dump', log], capture_output=True, text=True,
                                  check=False)
            self.assertIn('recorded at venue ', done.stderr)
            return done.stderr.split('recorded at venue ')[1].split()[0].rstrip(',')

    def test_all_files_are_known(self):
        files = {name for name, end in map(os.path.splitext, os.listdir(profiles.FOLDER))
                 if end == '.yaml'}
        self.assertEqual(files, set(profiles.NAMES) | {'default', 'plain', 'coins'})

    def test_the_program_reads_what_is_read_here(self):
        for name in profiles.NAMES:
            with self.subTest(profile=name), tempfile.TemporaryDirectory() as folder:
                copy = os.path.join(folder, 'copy.yaml')
                with open(copy, 'w', encoding='utf-8') as file:
                    json.dump(profiles.load(name), file)
                self.assertEqual(self.digest(copy), self.digest(profiles.path_of(name)))

    def test_a_profile_has_its_name_and_the_markets_of_the_scenario(self):
        for name in profiles.NAMES:
            venue = profiles.load(name)
            self.assertEqual(venue['name'], name)
            self.assertEqual([m['symbol'] for m in venue['markets']][:len(SCENARIO)], SCENARIO)
            self.assertEqual([c['name'] for c in venue['account_classes']], ['default', 'retail'])

    def test_the_page_says_what_the_files_say(self):
        self.assertTrue(page.put(page.PAGE, {'options': page.options(), 'sources': page.sources()},
                                 False), 'python3 tests/vectors/page.py --write')

    def margins(self, name, market, price, sizes):
        """Maintenance margins of positions of these sizes at a price, under the file as it is."""
        lines = [{'cmd': 'index', 'market': market, 'source': source, 'price': price, 't': 1}
                 for source in 'ab']
        for account in ('a', 'b'):
            lines += [{'cmd': 'account', 'account': account},
                      {'cmd': 'deposit', 'account': account, 'amount': '1000000000000'}]
        for size in sizes:
            trade = {'cmd': 'block_trade', 'market': market, 'qty': size, 'price': price}
            lines += [{**trade, 'buyer': 'a', 'seller': 'b'},
                      {'cmd': 'query', 'what': 'account', 'account': 'a'},
                      {**trade, 'buyer': 'b', 'seller': 'a'}]
        done = subprocess.run([PROGRAM, 'replay', '-', '--venue', profiles.path_of(name)],
                              input='\n'.join(map(json.dumps, lines)), capture_output=True,
                              text=True, check=False)
        events = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([e for e in events if e['event'] == 'rejected'], [])
        return [F(e['maintenance_margin']) for e in events if e['event'] == 'account_state']

    def test_deribit_maintenance_grows_with_the_position(self):
        """1 %, and 0.5 % more with every 100 BTC: exact at the caps, at 100,000 a BTC."""
        sizes = [25, 50, 100, 200, 400, 800]
        self.assertEqual(self.margins('deribit', 'BTC-PERP', 100000, sizes),
                         [size * 100000 * (F(1, 100) + F(5, 1000) * size / 100) for size in sizes])

    def test_ftx_fractions(self):
        """3 % at 20 x; the auto-close fraction is half of it."""
        self.assertEqual(self.margins('ftx', 'BTC-PERP', 10000, [2]), [600])
        self.assertEqual(F(profiles.load('ftx')['backstop']['at']) * 3, F(15, 10))

    def test_a_profile_says_all(self):
        for name in profiles.NAMES:
            about, published, assumed, different = page.head(name)
            self.assertTrue(about and published and different, name)
            for column in page.COLUMNS:
                self.assertNotEqual(column in published, column in assumed, f'{name}: {column}')
            self.assertLessEqual(set(published), set(page.COLUMNS), name)


if __name__ == '__main__':
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=1)
