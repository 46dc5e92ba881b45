"""The worst hour of the default scenario under the profile of each venue: test_venues.py PROGRAM

Each run conserves, its log audits to the same hash, and the stages act that the venue has."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

PROGRAM = ''
SMALL = ['accounts=10000', 'position_cap=0.05', 'length=70m', 'shock.waves.fall.at=10m',
         'shock.waves.bounce.at=32m', 'shock.waves.night.at=20h', 'shock.waves.asia.at=20h',
         'shock.waves.morning.at=20h', 'shock.waves.second.at=20h', 'shock.waves.evening.at=20h']
# Thin books and a harder fall, without those whom the venue does not have.
HARD = ['depth=0.02', 'shock.size=2', 'bidders.accounts=0']
ALONE = [*HARD, 'backstop.accounts=0']
# A Dutch auction from 1.3 of mark by a hundredth each 90 s comes to the mark after 40 minutes: only
# a market that does not recover meanwhile sells in it.
PATIENT = ['length=100m', 'bidders.reaction=10s', 'shock.waves.bounce.at=20h']
RUNS = {
    'binance': [([], ['book']), (ALONE, ['book', 'absorbed'])],
    'bybit': [([], ['book']), (ALONE, ['book', 'adl'])],
    'okx': [([], ['book']), (ALONE, ['book', 'adl'])],
    'bitmex': [([], ['book']), (ALONE, ['book', 'adl'])],
    'hyperliquid': [([], ['book']), (HARD, ['book', 'backstop', 'adl'])],
    'dydx-v4': [([], ['book']), (ALONE, ['book', 'adl'])],
    'vega': [([], ['absorbed'])],
    'deribit': [([], ['book'])],
    'ftx': [([], ['backstop', 'adl'])],
    'drift': [([], ['book'])],
    'mango-v4': [([], ['book'])],
    'synthetix-v3': [([], ['book'])],
    'maker': [(PATIENT, ['auction'])],
}


class VenueTest(unittest.TestCase):
    def weir(self, *args):
        done = subprocess.run([PROGRAM, *args], capture_output=True, text=True, timeout=600,
                              check=False)
        self.assertEqual(done.returncode, 0, done.stderr[-2000:])
        return done.stdout

    def run_one(self, name, settings, stages):
        with tempfile.TemporaryDirectory() as folder:
            out = os.path.join(folder, 'run')
            args = ['run', 'scenarios/hour-601m.yaml', '--venue', f'venues/{name}.yaml', '--out',
                    out, '--quiet', '--json']
            for setting in [*SMALL, *settings]:
                args += ['--set', setting]
            summary = json.loads(self.weir(*args))
            self.assertTrue(summary['conserved'])
            self.assertGreater(summary['liquidations']['scopes'], 0)
            for stage in stages:
                self.assertGreater(summary['liquidations']['by_stage'][stage], 0, stage)
            audit = self.weir('audit', os.path.join(out, 'commands.weir'), '--venue',
                              os.path.join(out, 'venue.yaml'), '--json')
            self.assertIn(summary['state_hash'], audit)

    def test_every_profile_runs(self):
        files = {name[:-5] for name in os.listdir('venues') if name.endswith('.yaml')}
        self.assertEqual(files - {'default', 'plain', 'coins'}, set(RUNS))
        for name, runs in RUNS.items():
            for settings, stages in runs:
                with self.subTest(profile=name, settings=settings):
                    self.run_one(name, settings, stages)

    def test_a_venue_that_is_not_there(self):
        done = subprocess.run([PROGRAM, 'run', 'scenarios/hour-601m.yaml', '--venue', 'none.yaml'],
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn('none.yaml: cannot be read', done.stderr)


if __name__ == '__main__':
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=1)
