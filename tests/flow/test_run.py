"""weir run from outside: the run folder, replay of its log, wrong usage, interruption, and each
stage of the waterfall brought to act by overrides.

    test_run.py PROGRAM
"""

import csv
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest

PROGRAM = ''
SCENARIO = 'scenarios/hour-601m.yaml'
COINS = 'scenarios/coins.yaml'
FOLDER_FILES = {'summary.json', 'report.html', 'series.csv', 'liquidations.csv', 'adl.csv',
                'commands.weir', 'venue.yaml', 'scenario.yaml'}
# The worst hour alone, with a tenth of the accounts: seconds instead of a minute.
SMALL = ['accounts=10000', 'position_cap=0.05', 'length=70m', 'shock.waves.fall.at=10m',
         'shock.waves.bounce.at=32m', 'shock.waves.night.at=20h', 'shock.waves.asia.at=20h',
         'shock.waves.morning.at=20h', 'shock.waves.second.at=20h', 'shock.waves.evening.at=20h']

SUMMARY_KEYS = [
    'scenario', 'seed', 'scale', 'policy', 'simulated_s', 'commands', 'events', 'state_hash',
    'conserved', 'liquidations.scopes', 'liquidations.accounts', 'liquidations.notional',
    'liquidations.long_share', 'liquidations.by_market', 'liquidations.peak_hour.notional',
    'liquidations.peak_hour.long_share', 'liquidations.peak_hour.by_market',
    'liquidations.by_stage.book', 'liquidations.by_stage.auction',
    'liquidations.by_stage.backstop', 'liquidations.by_stage.absorbed',
    'liquidations.by_stage.adl', 'liquidations.outcomes.cured', 'liquidations.outcomes.restored',
    'liquidations.outcomes.closed', 'insurance.start', 'insurance.min', 'insurance.end',
    'insurance.received', 'insurance.paid', 'adl.events', 'adl.accounts', 'adl.notional',
    'adl.haircut', 'adl.least_haircut', 'socialised', 'price.BTC-PERP.open',
    'price.BTC-PERP.low', 'price.BTC-PERP.high', 'price.BTC-PERP.close',
    'price.BTC-PERP.max_drawdown', 'performance.wall_s', 'performance.commands_per_s',
    'performance.liquidations_per_s', 'performance.command_ns.p50',
    'performance.command_ns.p99', 'performance.command_ns.p99_9',
    'performance.command_ns.p99_99', 'performance.command_ns.max', 'simulated.liquidations',
    'simulated.insurance', 'simulated.adl', 'simulated.socialised']


def value(summary, path):
    for key in path.split('.'):
        summary = summary[key]
    return summary


class RunTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.out = os.path.join(self.folder.name, 'run')

    def weir(self, *args, status=0):
        done = subprocess.run([PROGRAM, *args], capture_output=True, text=True, timeout=600,
                              check=False)
        self.assertEqual(done.returncode, status, done.stderr[-2000:])
        return done

    def simulate(self, *settings, out=None, more=(), status=0):
        """A small run; its summary, and what the program printed."""
        out = out or self.out
        args = ['run', SCENARIO, '--out', out, *more]
        for setting in [*SMALL, *settings]:
            args += ['--set', setting]
        done = self.weir(*args, status=status)
        with open(os.path.join(out, 'summary.json'), encoding='utf-8') as file:
            return json.load(file), done

    def rows(self, name):
        with open(os.path.join(self.out, name), newline='', encoding='utf-8') as file:
            return list(csv.DictReader(file))

    def test_run_folder_is_complete_and_adds_up(self):
        summary, done = self.simulate()
        self.assertEqual(set(os.listdir(self.out)), FOLDER_FILES)
        for path in SUMMARY_KEYS:
            value(summary, path)
        self.assertTrue(summary['conserved'])
        self.assertIn('worst hour', done.stdout)
        self.assertEqual(done.stderr, '')
        small, real = summary['simulated'], summary['liquidations']
        self.assertAlmostEqual(real['notional'], small['liquidations']['notional'] * 1000,
                               delta=1 + 1e-6 * real['notional'])
        self.assertGreater(real['notional'], 0)
        self.assertAlmostEqual(real['notional'], sum(real['by_stage'].values()), delta=1)
        self.assertAlmostEqual(real['notional'], sum(real['by_market'].values()), delta=1)
        self.assertLessEqual(real['peak_hour']['notional'], real['notional'])
        fund = summary['insurance']
        self.assertAlmostEqual(fund['start'] + fund['received'] - fund['paid'], fund['end'],
                               delta=1)
        liquidations = self.rows('liquidations.csv')
        self.assertEqual(len(liquidations), real['scopes'])
        self.assertEqual(len({row['account'] for row in liquidations}), real['accounts'])
        ended = [row for row in liquidations if row['outcome'] != 'open']
        self.assertEqual(len(ended), sum(real['outcomes'].values()))
        notional = sum(float(row['notional']) for row in ended)
        if len(ended) == len(liquidations):
            self.assertAlmostEqual(notional, small['liquidations']['notional'], delta=1)
        series = self.rows('series.csv')
        self.assertEqual(len(series), 71 * 8)
        sampled = sum(float(row['liquidated_long']) + float(row['liquidated_short'])
                      for row in series)
        self.assertAlmostEqual(sampled, small['liquidations']['notional'], delta=1)
        self.assertEqual(len(self.rows('adl.csv')), summary['adl']['events'])
        self.assertGreater(float(series[0]['open_interest']), 0)

    def test_the_log_replays_to_the_same_state(self):
        summary, _ = self.simulate()
        log = os.path.join(self.out, 'commands.weir')
        venue = os.path.join(self.out, 'venue.yaml')
        done = self.weir('audit', log, '--venue', venue, '--json')
        self.assertIn(summary['state_hash'], done.stdout)

    def test_equal_seeds_agree_and_the_kept_scenario_is_the_one_that_ran(self):
        first, _ = self.simulate(more=['--seed', '5'])
        again = os.path.join(self.folder.name, 'again')
        self.weir('run', os.path.join(self.out, 'scenario.yaml'), '--out', again, '--quiet')
        with open(os.path.join(again, 'summary.json'), encoding='utf-8') as file:
            second = json.load(file)
        self.assertEqual(first['seed'], 5)
        self.assertEqual(first['state_hash'], second['state_hash'])
        self.assertEqual(first['liquidations'], second['liquidations'])

    def test_wrong_usage(self):
        for args, says in (
                ([], 'a scenario is missing'),
                (['missing.yaml'], 'missing.yaml'),
                ([SCENARIO, '--set', 'depht=1'], 'depht'),
                ([SCENARIO, '--set', 'venue.markets.BTC-PERP.lot=0.33'], 'lot'),
                ([SCENARIO, '--policy', 'nonsense'], 'nonsense'),
                ([SCENARIO, '--set', 'accounts=1000'], 'cannot hold the open interest'),
                ([SCENARIO, '--seed', 'x'], 'x')):
            done = self.weir('run', *args, '--out', self.out, status=2)
            self.assertIn(says, done.stderr)
            self.assertEqual(done.stdout, '')
            self.assertFalse(os.path.exists(self.out))

    def test_an_existing_folder_needs_force(self):
        os.mkdir(self.out)
        args = ['run', SCENARIO, '--out', self.out, '--set', 'length=1m', '--set',
                'accounts=10000', '--set', 'position_cap=0.05']
        done = self.weir(*args, status=2)
        self.assertIn('--force', done.stderr)
        self.assertEqual(os.listdir(self.out), [])
        done = self.weir(*args, '--force', '--json')
        self.assertEqual(json.loads(done.stdout)['simulated_s'], 60)
        self.assertEqual(set(os.listdir(self.out)), FOLDER_FILES)

    def test_a_full_disk_is_told_and_leaves_no_half_results(self):
        """What is written beside the summary's name goes to a device that is full."""
        os.mkdir(self.out)
        os.symlink('/dev/full', os.path.join(self.out, 'summary.json.partial'))
        done = self.weir('run', SCENARIO, '--out', self.out, '--force', '--quiet', '--set',
                         'length=1m', '--set', 'accounts=10000', '--set', 'position_cap=0.05',
                         status=1)
        self.assertIn('summary.json: writing failed: No space left', done.stderr)
        self.assertEqual(set(os.listdir(self.out)), FOLDER_FILES - {'summary.json', 'report.html'})

    def test_interrupted_it_keeps_what_is_done(self):
        args = [PROGRAM, 'run', SCENARIO, '--out', self.out, '--json']
        with subprocess.Popen(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            series = os.path.join(self.out, 'series.csv')
            for _ in range(600):
                if os.path.exists(series) and os.path.getsize(series) > 4096:
                    break
                time.sleep(0.1)
            process.send_signal(signal.SIGINT)
            time.sleep(0.02)  # timeout(1) signals the process and then its group
            process.send_signal(signal.SIGINT)
            printed, told = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 130, told)
        summary = json.loads(printed)
        self.assertTrue(summary['interrupted'])
        self.assertTrue(summary['conserved'])
        self.assertLess(summary['simulated_s'], 86400)
        self.assertEqual(set(os.listdir(self.out)), FOLDER_FILES)
        with open(os.path.join(self.out, 'summary.json'), encoding='utf-8') as file:
            self.assertEqual(json.load(file)['state_hash'], summary['state_hash'])

    def test_linear_inverse_and_dated_contracts(self):
        done = self.weir('run', COINS, '--out', self.out, '--quiet', '--json')
        summary = json.loads(done.stdout)
        self.assertTrue(summary['conserved'])
        self.assertEqual(set(os.listdir(self.out)), FOLDER_FILES)
        liquidations = summary['liquidations']
        for market in ('BTC-PERP', 'BTC-COIN', 'BTC-21NOV25'):
            self.assertGreater(liquidations['by_market'][market], 0)
        self.assertAlmostEqual(liquidations['notional'], sum(liquidations['by_stage'].values()),
                               delta=1)
        # Each purse adds up in its own asset; a seed of 50 million is there in quote currency.
        self.assertAlmostEqual(summary['insurance']['start'], 50e6, delta=0.01 * 50e6)
        for asset in ('USDT', 'BTC'):
            purse = summary['by_asset'][asset]
            self.assertGreater(purse['fund_start'], 0)
            self.assertAlmostEqual(purse['fund_start'] + purse['received'] - purse['paid'],
                                   purse['fund_end'], places=4)
        rows = self.rows('liquidations.csv')
        self.assertEqual({row['asset'] for row in rows}, {'USDT', 'BTC'})
        self.assertIn('cross:BTC', {row['scope'] for row in rows})
        small = summary['simulated']['liquidations']['notional']
        if all(row['outcome'] != 'open' for row in rows):
            self.assertAlmostEqual(sum(float(row['notional']) for row in rows), small, delta=1)
        # Nothing that the flow did was impossible, and the dated contract is gone.
        done = self.weir('replay', os.path.join(self.out, 'commands.weir'), '--venue',
                         os.path.join(self.out, 'venue.yaml'))
        events = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual({event['market'] for event in events if event['event'] == 'settled'},
                         {'BTC-21NOV25'})
        reasons = [event['reason'] for event in events if event['event'] == 'rejected']
        self.assertLess(len(reasons), 0.01 * summary['commands'])
        self.assertTrue({'status', 'unknown_market', 'precision', 'range', 'overflow',
                         'unknown_asset', 'insufficient'}.isdisjoint(reasons), reasons)
        done = self.weir('audit', os.path.join(self.out, 'commands.weir'), '--venue',
                         os.path.join(self.out, 'venue.yaml'), '--json')
        self.assertIn(summary['state_hash'], done.stdout)
        account = next(row['account'] for row in rows if row['asset'] == 'BTC')
        done = self.weir('explain', os.path.join(self.out, 'commands.weir'), '--account', account)
        self.assertIn(' BTC is at or below the maintenance margin', done.stdout)

    def test_a_dated_contract_expires_after_the_start(self):
        done = self.weir('run', COINS, '--out', self.out, '--set', 'start=2025-11-21T08:00:00Z',
                         status=2)
        self.assertIn('BTC-21NOV25 expires before the scenario starts', done.stderr)

    def test_every_stage_can_be_made_to_act(self):
        thin = ['depth=0.02', 'shock.size=2']
        alone = [*thin, 'bidders.accounts=0', 'backstop.accounts=0']
        gap = ['shock.waves.fall.over=0s']
        for name, settings, paths in (
                ('auction', thin, ['liquidations.by_stage.auction']),
                ('backstop', [*thin, 'bidders.accounts=0'], ['liquidations.by_stage.backstop']),
                ('adl', alone, ['liquidations.by_stage.adl', 'adl.events', 'adl.haircut']),
                ('absorb', [*alone, 'venue.absorb.enabled=true'],
                 ['liquidations.by_stage.absorbed']),
                ('fund', [*gap, 'shock.size=2'], ['insurance.paid']),
                ('socialised', [*gap, 'shock.size=3', 'fund=0'], ['socialised'])):
            with self.subTest(stage=name):
                out = os.path.join(self.folder.name, name)
                summary, _ = self.simulate(*settings, out=out)
                self.assertTrue(summary['conserved'])
                for path in paths:
                    self.assertGreater(value(summary, path), 0, path)


if __name__ == '__main__':
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=1)
