"""weir bench burst, sweep and run: each parameter acts, every latency is told in full, windows add
up, a sweep's rate is the highest that held, targets are met or missed as the figures say.

    test_loads.py PROGRAM
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import xml.etree.ElementTree

PROGRAM = ''
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SLOW = int(os.environ.get('WEIR_TEST_SCALE', '100')) < 50  # as in tests/scale.h
SMALL = ['--accounts', '2000', '--ticks', '64', '--runs', '1']
FALL = ['--case', 'a liquidation|p99.9']
QUANTILES = ['p50', 'p90', 'p99', 'p99.9', 'p99.99', 'max']


def bench(*arguments, where=None):
    environment = {**os.environ, 'TMPDIR': where} if where else None
    return subprocess.run([PROGRAM, 'bench', *arguments], capture_output=True, text=True, cwd=ROOT,
                          timeout=600, env=environment)


class Load(unittest.TestCase):
    def result(self, *arguments, where=None):
        done = bench(*arguments, '--json', where=where)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def burst(self, *arguments, where=None):
        cases = self.result('burst', *SMALL, *FALL, *arguments, where=where)['burst']
        for case in cases:
            self.assertIs(case['checked'], True)
        return cases


class Burst(Load):
    def test_each_parameter_acts(self):
        plain = self.burst('--rate', '20000')[0]
        self.assertEqual((plain['n'], plain['to_fall'], plain['markets'], plain['steps']),
                         (2000, 2000, 8, 4))
        half = self.burst('--rate', '20000', '--shock', '15')[0]
        self.assertTrue(900 < half['to_fall'] < 1000, half['to_fall'])
        mixed = self.burst('--rate', '20000', '--shock', '15', '--mix', 'doubling')[0]
        self.assertGreater(mixed['to_fall'], 1400)
        calm = self.burst('--rate', '20000', '--leverage-min', '2', '--leverage-max', '10')[0]
        self.assertTrue(1000 < calm['to_fall'] < 1100, calm['to_fall'])
        few = self.burst('--rate', '20000', '--markets', '3', '--steps', '9')[0]
        self.assertEqual((few['markets'], few['steps']), (3, 9))
        bare = self.burst('--rate', '20000', '--open-orders', '0')[0]
        self.assertLess(bare['events'], plain['events'] - 2)
        sliced = self.burst('--rate', '20000', '--policy', 'tier_step')[0]
        self.assertNotEqual(sliced['fills'], plain['fills'])
        names = [case['name'] for case in self.burst('--arrivals', 'closed')]
        self.assertEqual(names, ['a liquidation, 0 orders/s', 'a liquidation, orders one by one',
                                 'p99.9 of an order, one by one'])

    def test_duration_paces_the_ticks(self):
        cases = self.burst('--rate', '20000', '--duration', '0.6')
        self.assertTrue(0.55 < cases[1]['wall_s'] < 5, cases[1]['wall_s'])
        self.assertGreater(cases[2]['idle_us']['count'], 11000)

    def test_the_processors_clock_stands_still_meanwhile(self):
        begun = time.monotonic()
        case = self.burst('--rate', '20000', '--duration', '0.3', '--clock', 'processor')[1]
        passed = time.monotonic() - begun
        self.assertEqual(case['parameters']['clock'], 'processor')
        self.assertTrue(0.28 < case['wall_s'] < passed, (case['wall_s'], passed))
        # Every wait is spent in a loop of the program's own, so its time is all of the time.
        own = case['processor_ns'] * case['liquidations'] / 1e9
        self.assertAlmostEqual(own, case['wall_s'], delta=0.05 * own + 0.01)

    def test_a_durable_log_beside_it(self):
        with tempfile.TemporaryDirectory(dir=ROOT) as folder:
            cases = self.burst('--rate', '20000', '--journal', 'on', where=folder)
            self.assertEqual(os.listdir(folder), [])
        orders = cases[2]
        self.assertEqual(list(orders['durable_us']), QUANTILES + ['count'])
        self.assertEqual(orders['durable_us']['count'], orders['burst_engine_us']['count'])
        self.assertGreater(orders['durable_us']['p50'], orders['burst_engine_us']['p50'])
        self.assertNotIn('durable_us', self.burst('--rate', '20000')[2])

    def test_latencies_are_told_in_full(self):
        for arrivals in ('fixed', 'poisson', 'closed'):
            rate = [] if arrivals == 'closed' else ['--rate', '20000']
            cases = self.burst('--arrivals', arrivals, *rate)
            self.assertEqual(cases[0]['parameters']['arrivals'], arrivals)
            told = [cases[1][key] for key in ('command_us', 'drain_us')]
            told += [cases[2][key] for key in ('burst_us', 'idle_us', 'burst_engine_us',
                                               'idle_engine_us')]
            for latency in told:
                self.assertEqual(list(latency), QUANTILES + ['count'])
                values = [latency[key] for key in QUANTILES]
                self.assertEqual(values, sorted(values))
                self.assertGreater(latency['count'], 0)
            orders = cases[2]
            for part in ('burst', 'idle'):
                served = orders[f'{part}_engine_us']['count']
                due = orders[f'{part}_us']['count']
                unserved = orders['unserved' if part == 'burst' else 'idle_unserved']
                self.assertEqual(served + unserved, due)
            if arrivals == 'closed':
                self.assertEqual(orders['unserved'], 0)
            elif not SLOW:
                self.assertAlmostEqual(orders['idle_us']['count'], 10000, delta=500)
        text = bench('burst', *SMALL, *FALL, '--rate', '20000').stdout
        for part in ('due to done, burst', 'due to done, idle', 'in the engine, burst'):
            self.assertRegex(text, part + r'\s+us: p50 .* p99.99 .*max [0-9.]+ of \d+')

    def test_windows_add_up_and_are_drawn(self):
        result = self.result('burst', *SMALL, *FALL, '--rate', '20000', '--windows', '5')
        cases = result['burst']
        windows = cases[1]['windows']
        rows = windows['rows']
        self.assertEqual(windows['length_ms'], 5)
        for one, two in zip(rows, rows[1:]):
            self.assertAlmostEqual(two['ms'] - one['ms'], 5, places=2)
        fall = [row for row in rows if -5 < row['ms'] <= windows['fall_ms']]
        self.assertAlmostEqual(sum(row['liquidations'] for row in fall), cases[1]['liquidations'],
                               delta=0.02 * cases[1]['liquidations'] + 3)
        self.assertGreater(max(row['queue'] for row in fall), 0)
        orders = sum(row['orders'] for row in rows)
        known = cases[2]['burst_us']['count'] + cases[2]['idle_us']['count']
        self.assertTrue(known <= orders < known + 20000, (known, orders))
        for row in rows:
            if row['orders']:
                self.assertTrue(0 < row['p50'] <= row['p99'] <= row['p99.9'] <= row['max'])
            else:
                self.assertIsNone(row['p50'])
        self.assertNotIn('windows', self.burst('--rate', '20000')[1])
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'result.json')
            with open(path, 'w', encoding='utf-8') as file:
                json.dump(result, file)
            script = os.path.join(ROOT, 'bench', 'windows.py')
            done = subprocess.run([sys.executable, '-B', script, path, folder],
                                  capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 0, done.stderr)
            picture = os.path.join(folder, 'burst-20000-orders-s.svg')
            tags = [element.tag.split('}')[1]
                    for element in xml.etree.ElementTree.parse(picture).getroot().iter()]
            self.assertEqual(tags.count('polyline'), 6)
            with open(path, 'w', encoding='utf-8') as file:
                json.dump(dict(result, burst=[]), file)
            self.assertEqual(subprocess.run([sys.executable, '-B', script, path, folder],
                                            capture_output=True, timeout=60).returncode, 1)
        text = bench('burst', *SMALL, *FALL, '--rate', '20000', '--windows', '5').stdout
        self.assertRegex(text, r'ms +liquidations +queue +busy +orders +p50 us +p99')

    def test_wrong_values_are_told(self):
        for arguments, told in [
                (['burst', '--arrivals', 'now'], 'expected fixed, poisson, closed'),
                (['burst', '--arrivals', 'closed', '--rate', '5'], 'expected none with --arrivals'),
                (['sweep', '--clock', 'sun'], 'expected wall, processor'),
                (['memory', '--quick', '--case', 'nosuch'], '--case nosuch: no case'),
                (['burst', '--journal', 'on', '--clock', 'processor'], 'expected --clock wall'),
                (['burst', '--markets', '1'], '--markets 1: expected 2 or more'),
                (['burst', '--shock', '0.9'], '--shock 0.9: expected 1.1 or more'),
                (['burst', '--leverage-min', '80'], 'expected less than the most leverage'),
                (['burst', '--policy', 'nothing'], 'expected full, tier_step'),
                (['burst', '--goal', 'p99=1ms'], 'burst does not know goal'),
                (['sweep', '--goal', 'p98=1ms'], '--goal p98=1ms: expected p50, p90'),
                (['sweep', '--goal', 'p99=1'], '--goal p99=1: expected'),
                (['sweep', '--goal', 'p99=2000s'], 'a time from 1ns to 1000s'),
                (['sweep', '--arrivals', 'closed'], 'expected fixed or poisson'),
                (['sweep', '--rate', '5'], 'sweep does not know rate'),
                (['trigger', '--workload', 'x'], 'trigger does not know workload'),
                (['book', '--workload', 'x', '--live', '50'], 'expected none of'),
                (['run', '--scenario', 'nowhere.yaml'], 'nowhere.yaml: '),
                (['run', '--hours', '0'], '--hours 0: expected a number from 1 to 24')]:
            with self.subTest(arguments=arguments):
                done = bench(*arguments)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn(told, done.stderr)
                self.assertEqual(done.stdout, '')

    def test_a_job_file_has_words_and_goals(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'job.yaml')
            with open(path, 'w', encoding='utf-8') as file:
                file.write('runs: 1\njobs:\n'
                           '  - {bench: burst, accounts: 1000, ticks: 32, rate: 20000, '
                           'arrivals: [fixed, poisson], case: p99.9}\n'
                           '  - {bench: sweep, accounts: 1000, ticks: 32, goal: p50=1s}\n')
            result = self.result('--job', path)
            self.assertEqual([case['parameters']['arrivals'] for case in result['burst']],
                             ['fixed', 'poisson'])
            self.assertEqual(result['sweep'][0]['parameters']['goal'], 'p50=1s')
            with open(path, 'w', encoding='utf-8') as file:
                file.write('jobs:\n  - {bench: burst, arrivals: soon}\n')
            done = bench('--job', path)
            self.assertEqual(done.returncode, 2)
            self.assertIn(':2:', done.stderr)
            self.assertIn('expected fixed, poisson, closed', done.stderr)


class Sweep(Load):
    def test_the_highest_rate_that_held(self):
        cases = self.result('sweep', *SMALL, '--goal', 'p90=20ms')['sweep']
        self.assertEqual([case['name'] for case in cases],
                         ['rate, idle, p90=20ms', 'rate in the burst, p90=20ms'])
        for case in cases:
            self.assertIs(case['checked'], True)
            tried = case['tried']
            self.assertEqual([row['rate'] for row in tried],
                             sorted({row['rate'] for row in tried}))
            held = [row['rate'] for row in tried if row['held']]
            failed = [row['rate'] for row in tried if not row['held']]
            self.assertEqual(case['median'], max(held, default=0))
            self.assertTrue(not held or not failed or max(held) < min(failed))
            if held and failed:
                self.assertLess(min(failed), max(held) * 1.06)
            for row in tried:
                self.assertEqual(row['held'], row['reached_us'] <= 20000)
                self.assertEqual(list(row['us']), QUANTILES + ['count'])

    def test_a_goal_nothing_holds(self):
        cases = self.result('sweep', *SMALL, '--goal', 'p50=1ns')['sweep']
        self.assertEqual([case['median'] for case in cases], [0, 0])
        self.assertEqual(cases[0]['tried'][0]['rate'], 1000)
        self.assertIn('no rate holds', bench('sweep', *SMALL, '--goal', 'p50=1ns').stdout)


class Runs(Load):
    def test_a_run_is_that_of_weir_run(self):
        scenario = os.path.join(ROOT, 'scenarios', 'hour-601m.yaml')
        with tempfile.TemporaryDirectory() as folder:
            out = os.path.join(folder, 'run')
            subprocess.run([PROGRAM, 'run', scenario, '--out', out, '--quiet', '--seed', '3',
                            '--set', 'accounts=5000', '--set', 'position_cap=0.1',
                            '--set', 'length=1h'], check=True, timeout=300, cwd=ROOT)
            with open(os.path.join(out, 'summary.json'), encoding='utf-8') as file:
                summary = json.load(file)
            result = self.result('run', '--accounts', '5000', '--hours', '1', '--seed', '3',
                                 '--runs', '2', '--targets')
            named = self.result('run', '--scenario', os.path.join(out, 'scenario.yaml'),
                                '--seed', '3', '--runs', '1')
        case = result['run'][0]
        self.assertEqual(case['name'], 'scenario, 5000 accounts, 1 h')
        for one in (case, named['run'][0]):
            self.assertIs(one['checked'], True)
            self.assertEqual(one['state_hash'], summary['state_hash'])
            self.assertEqual(one['commands'], summary['commands'])
        self.assertGreater(case['memory_mib'], 5)
        rows = [row for row in result['targets'] if row['bench'] == 'run']
        self.assertEqual([row['met'] for row in rows], [None, None])

    def test_nothing_is_left_behind(self):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run([PROGRAM, 'bench', 'run', '--accounts', '2000', '--hours', '1',
                                   '--runs', '1'], capture_output=True, text=True, cwd=ROOT,
                                  timeout=300, env=dict(os.environ, TMPDIR=folder))
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(os.listdir(folder), [])

    def test_interrupted_json_is_valid(self):
        for arguments in (['run', '--accounts', '100000'], ['sweep', '--accounts', '30000'],
                          ['burst', '--accounts', '30000', '--duration', '60']):
            process = subprocess.Popen([PROGRAM, 'bench', *arguments, '--json'], text=True,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT)
            time.sleep(2)
            process.send_signal(signal.SIGINT)
            printed, problems = process.communicate(timeout=120)
            with self.subTest(arguments=arguments):
                self.assertEqual((process.returncode, problems), (130, ''))
                self.assertIs(json.loads(printed)['interrupted'], True)


class Targets(Load):
    def test_met_and_missed(self):
        rows = self.result('memory', '--accounts', '20000', '--targets')['targets']
        # Parameters that make it another case than the target speaks of leave it unmeasured.
        self.assertTrue(all(row['met'] is None for row in rows))
        result = self.result('memory', '--quick', '--case', 'account', '--targets')
        cases = {case['name']: case for case in result['memory']}
        rows = [row for row in result['targets'] if row['met'] is not None]
        self.assertEqual(len(rows), 4)
        for row in rows:
            case = cases[row['case']]
            value = case['median'] + (case['names'] if 'names' in row['what'] else 0)
            self.assertAlmostEqual(row['value'], value, delta=0.1)
            self.assertEqual(row['met'], value <= row['target'])
            self.assertAlmostEqual(row['room'], row['target'] / value, delta=0.01)
            self.assertEqual((row['stated_for'], row['measured_with']), (1000000, 100000))
        self.assertGreater(len(result['targets']), 30)
        text = bench('memory', '--quick', '--case', 'account', '--targets').stdout
        self.assertRegex(text, r'account, cross position +state +[0-9.]+ <= 128 B +met, x1\.0')
        self.assertRegex(text, r'\d+ met, \d+ missed, \d+ not measured')
        self.assertNotIn('targets', self.result('memory', '--quick', '--case', 'order, a second'))


if __name__ == '__main__':
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main()
