"""weir bench as a tool: parameters, job files, comparison with a saved result, interruption, and
the pictures of its cost curves.

    test_tool.py PROGRAM
"""

import importlib.util
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
SMALL = ['trigger', '--accounts', '2000', '--case', 'isolated 2000 none', '--runs', '3']


def bench(*arguments, cwd=None):
    return subprocess.run([PROGRAM, 'bench', *arguments], capture_output=True, text=True, cwd=cwd,
                          timeout=300)


class Parameters(unittest.TestCase):
    def result(self, *arguments):
        done = bench(*arguments, '--json')
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def test_each_is_used(self):
        rows = [
            (['trigger', '--accounts', '3000', '--case', ' none'],
             ['isolated 3000 none', 'cross 3000 none'], {'n': 3000}),
            (['trigger', '--accounts', '2000', '--due', '77', '--case', 'cross 2000 77 due'],
             ['cross 2000 77 due'], {'found': 77}),
            (['trigger', '--accounts', '2000', '--legs', '1', '--case', 'cross 2000 funding'],
             ['cross 2000 funding'], {'positions': 2000}),
            (['trigger', '--accounts', '2000', '--markets', '2', '--case', 'isolated 2000 funding'],
             ['isolated 2000 funding'], {'positions': 2000}),
            (['trigger', '--accounts', '2000', '--step', '2.5', '--jump', '4', '--ticks', '20',
              '--runs', '2', '--case', 'walk'],
             ['walk 2.5 bp', 'walk 2.5 bp, jumps of 4 %'], {'n': 2000, 'runs': 2}),
            (['book', '--live', '500', '--messages', '20000', '--distance', '5', '--runs', '4'],
             ['500 live singly', '500 live batched'], {'messages': 20000, 'runs': 4}),
            (['memory', '--accounts', '20000', '--markets', '3', '--case', 'account'],
             ['account, cross position', 'account, isolated position'], {'n': 20000}),
        ]
        for arguments, names, facts in rows:
            with self.subTest(arguments=arguments):
                cases = self.result(*arguments)[arguments[0]]
                self.assertEqual([case['name'] for case in cases], names)
                for case in cases:
                    self.assertIs(case['checked'], True)
                    self.assertEqual({key: case[key] for key in facts}, facts)

    def test_several_values_make_several_cases(self):
        cases = self.result('trigger', '--accounts', '2000,4000', '--markets', '1,3',
                            '--case', 'isolated 2000 none|isolated 4000 none')['trigger']
        self.assertEqual([(case['n'], case['parameters']['markets']) for case in cases],
                         [(2000, 1), (2000, 3), (4000, 1), (4000, 3)])

    def test_leverage_and_legs_change_a_walk(self):
        low, high, single = (self.result(
            'trigger', '--accounts', '5000', '--ticks', '40', '--step', '5', '--runs', '2',
            '--case', 'walk', *more)['trigger'][0] for more in (
                ['--leverage-max', '2'], ['--leverage-min', '60'], ['--legs', '1']))
        self.assertEqual(low['found'], 0)
        self.assertGreater(high['found'], 0)
        self.assertLess(single['positions'], low['positions'])

    def test_the_seed_is_the_flow(self):
        def live(seed):
            return self.result('book', '--live', '400', '--messages', '20000', '--runs', '1',
                               '--seed', seed)['book'][0]['most_live']
        self.assertEqual(live('5'), live('5'))
        self.assertGreater(len({live(seed) for seed in '12345'}), 1)

    def test_machine_and_build_are_told(self):
        result = self.result(*SMALL)
        for part, facts in (('machine', ['cpu', 'cores', 'memory_mib', 'kernel', 'load']),
                            ('build', ['version', 'compiler', 'optimised', 'allocator'])):
            for fact in facts:
                self.assertIn(fact, result[part])
        self.assertIn('--accounts', result['command'])
        self.assertIs(result['interrupted'], False)

    def test_quiet_prints_no_table(self):
        done = bench(*SMALL, '--quiet')
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, '', ''))

    def test_wrong_usage(self):
        for arguments, told in [
                (['book', '--accounts', '5000'], 'book does not know accounts'),
                (['--live', '50', '--due', '5'], 'no benchmark knows all of'),
                (['trigger', '--accounts', '10'], 'from 1000'),
                (['trigger', '--accounts', '2000,,3000'], 'whole number'),
                (['trigger', '--accounts', '0x2000'], 'whole number'),
                (['trigger', '--accounts', '2000', '--due', '1500'], 'more than half'),
                (['book', '--runs', '0'], '--runs'), (['book', '--warmup', '100'], '--warmup'),
                (['book', '--seed', '-1'], '--seed'),
                (['book', '--fail-above', '5'], '--compare'),
                (['book', '--compare', 'x', '--fail-above', '-5'], '--fail-above'),
                (['book', '--compare', 'no/such/file'], 'no/such/file'),
                (['--job', 'no/such/file'], 'no/such/file'),
                (['--job', 'x', '--accounts', '5000'], 'stand in the file')]:
            with self.subTest(arguments=arguments):
                done = bench(*arguments)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn(told, done.stderr)
                self.assertEqual(done.stdout, '')


class Files(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def write(self, name, text):
        path = os.path.join(self.folder.name, name)
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)
        return path

    def test_a_job_file_lists_benchmarks(self):
        path = self.write('job.yaml', '''
runs: 2
seed: 9
jobs:
  - {bench: trigger, accounts: [2000, 3000], case: 'isolated 2000 none|isolated 3000 none'}
  - {bench: book, live: 300, messages: 20000, runs: 3}
  - bench: [trigger, memory]
    accounts: 20000
    case: isolated 20000 none|account
''')
        result = json.loads(bench('--job', path, '--json').stdout)
        self.assertEqual([(c['name'], c['runs']) for c in result['trigger']],
                         [('isolated 2000 none', 2), ('isolated 3000 none', 2),
                          ('isolated 20000 none', 2)])
        self.assertEqual([c['runs'] for c in result['book']], [3, 3])
        self.assertEqual(len(result['memory']), 2)
        self.assertTrue(all(c['parameters']['seed'] == 9 for c in result['book']))
        chosen = json.loads(bench('book', '--job', path, '--json', '--runs', '1').stdout)
        self.assertNotIn('trigger', chosen)
        self.assertEqual([c['runs'] for c in chosen['book']], [1, 1])
        quick = bench('trigger', '--quick', '--json', '--job', self.write('large.yaml', '''
jobs: [{bench: trigger, accounts: [2000, 30000000], case: isolated 2000 none}]'''))
        self.assertEqual(quick.returncode, 2)  # beyond what the parameter may be
        quick = bench('trigger', '--quick', '--json', '--job', self.write('large.yaml', '''
jobs: [{bench: trigger, accounts: [2000, 20000000], case: isolated 2000 none}]'''))
        self.assertEqual(len(json.loads(quick.stdout)['trigger']), 1, quick.stderr)

    def test_a_bad_job_file_is_told_with_its_place(self):
        for text, told in [('jobs: 5\n', ':1:7: expected `jobs:`'),
                           ('runs: 3\n', 'expected `jobs:`'),
                           ('jobs:\n  - {bench: speed}\n', ':2:13: expected the name'),
                           ('jobs:\n  - {bench: book, accounts: 5000}\n', 'does not know'),
                           ('jobs:\n  - {bench: book, live: 3}\n', ':2:25: 3: expected'),
                           ('jobs:\n  - {bench: book, live: []}\n', 'expected a number'),
                           ('jobs:\n  - {bench: book, speed: 3}\n', ':2:19: `speed`'),
                           ('jobs:\n  - {bench: book, runs: 100}\n', ':2:25: '),
                           ('accounts: 5000\njobs: [{bench: book}]\n', ':1:1: `accounts`'),
                           ('jobs: [book]\n', ':1:8: expected a job')]:
            with self.subTest(text=text):
                path = self.write('bad.yaml', text)
                done = bench('--job', path)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn(path, done.stderr)
                self.assertIn(told, done.stderr)

    def test_comparison(self):
        saved = json.loads(bench(*SMALL, '--json').stdout)
        case = saved['trigger'][0]
        for factor, arguments, status, verdict in [
                (0.01, [], 0, 'more'), (0.01, ['--fail-above', '50'], 1, 'more'),
                (100, ['--fail-above', '50'], 0, 'less')]:
            for key in ('median', 'min', 'max'):
                case[key] = saved['trigger'][0][key] * factor
            path = self.write('saved.json', json.dumps(saved))
            with self.subTest(factor=factor, arguments=arguments):
                done = bench(*SMALL, '--json', '--compare', path, *arguments)
                self.assertEqual(done.returncode, status, done.stderr)
                result = json.loads(done.stdout)
                row = result['comparison']['cases'][0]
                self.assertEqual(row['verdict'], verdict)
                self.assertEqual(row['name'], 'trigger isolated 2000 none')
                self.assertAlmostEqual(row['old']['median'], case['median'], delta=0.01)
                self.assertEqual(row['new']['median'], result['trigger'][0]['median'])
                self.assertAlmostEqual(row['ratio'], row['new']['median'] / row['old']['median'],
                                       delta=row['ratio'] * 0.05 + 1e-4)
                self.assertEqual('% more than' in done.stderr, status == 1)
            for key in ('median', 'min', 'max'):
                case[key] /= factor
        case['min'], case['max'] = 0.1, 1e9
        path = self.write('saved.json', json.dumps(saved))
        done = bench(*SMALL, '--quiet', '--compare', path)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r'\(0\.1 \.\. 1000000000\.0\)')
        self.assertRegex(done.stdout, r'within noise|same')

    def test_nothing_in_common_is_told(self):
        saved = json.loads(bench(*SMALL, '--json').stdout)
        saved['trigger'][0]['parameters']['seed'] = 2
        saved['machine']['cpu'] = 'another'
        path = self.write('saved.json', json.dumps(saved))
        done = bench(*SMALL, '--json', '--compare', path)
        self.assertEqual(done.returncode, 0)
        self.assertIn('no case in common', done.stderr)
        self.assertIn('another machine cpu', done.stderr)
        self.assertIsNone(json.loads(done.stdout)['comparison']['cases'][0]['old'])
        self.assertEqual(bench(*SMALL, '--compare', path, '--fail-above', '5').returncode, 1)
        for text in ('', '{', '[]', '{"machine":{}}'):
            done = bench(*SMALL, '--compare', self.write('broken.json', text))
            self.assertEqual(done.returncode, 2)
            self.assertIn('broken.json', done.stderr)

    def test_interrupted_json_is_valid(self):
        for wait_for in (None, '"name":"isolated 2000 none"'):
            path = os.path.join(self.folder.name, 'result.json')
            with open(path, 'w', encoding='utf-8') as out:
                process = subprocess.Popen(
                    [PROGRAM, 'bench', 'trigger', '--accounts', '2000,10000000', '--json'],
                    stdout=out, stderr=subprocess.PIPE, text=True)
            deadline = time.monotonic() + 60
            time.sleep(0.3)
            while wait_for and time.monotonic() < deadline:
                with open(path, encoding='utf-8') as file:
                    if wait_for in file.read():
                        break
                time.sleep(0.05)
            process.send_signal(signal.SIGINT)
            problems = process.communicate(timeout=60)[1]
            with self.subTest(wait_for=wait_for):
                self.assertEqual((process.returncode, problems), (130, ''))
                with open(path, encoding='utf-8') as file:
                    result = json.load(file)
                self.assertIs(result['interrupted'], True)
                self.assertIn('cpu', result['machine'])
                if wait_for:
                    self.assertEqual(result['trigger'][0]['name'], 'isolated 2000 none')

    def test_an_interrupted_burst_ends(self):
        process = subprocess.Popen([PROGRAM, 'bench', 'burst', '--accounts', '200000', '--json'],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        printed, problems = process.communicate(timeout=120)
        self.assertEqual((process.returncode, problems), (130, ''))
        self.assertIs(json.loads(printed)['interrupted'], True)

    @unittest.skipIf(SLOW, 'a slow build serves fewer orders than arrive in every burst')
    def test_more_orders_than_the_machine_serves(self):
        done = bench('burst', '--accounts', '1000', '--ticks', '64', '--rate', '5000000',
                     '--runs', '1', '--json')
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(all(case['checked'] for case in json.loads(done.stdout)['burst']))

    def test_curves_are_drawn(self):
        path = self.write('job.yaml', '''
runs: 1
jobs:
  - {bench: trigger, accounts: [2000, 4000, 8000], case: none}
  - {bench: memory, accounts: [20000, 40000]}
''')
        result = self.write('result.json', bench('--job', path, '--json').stdout)
        script = os.path.join(ROOT, 'bench', 'curves.py')
        done = subprocess.run([sys.executable, '-B', script, result, self.folder.name],
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        for name, lines, points in (('accounts-quiet', 4, 12), ('memory', 4, 8)):
            picture = os.path.join(self.folder.name, f'curve-{name}.svg')
            root = xml.etree.ElementTree.parse(picture).getroot()
            tags = [element.tag.split('}')[1] for element in root.iter()]
            self.assertEqual((tags.count('polyline'), tags.count('circle')), (lines, points))
            with open(picture, encoding='utf-8') as file:
                self.assertIn('prefers-color-scheme: dark', file.read())
        with open(os.path.join(self.folder.name, 'curves.json'), encoding='utf-8') as file:
            self.assertEqual([c['name'] for c in json.load(file)['curves']],
                             ['accounts-quiet', 'memory'])
        empty = self.write('empty.json', bench(*SMALL, '--json').stdout)
        done = subprocess.run([sys.executable, '-B', script, empty, self.folder.name],
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 1)

    def test_axes_hold_their_points(self):
        spec = importlib.util.spec_from_file_location('curves',
                                                      os.path.join(ROOT, 'bench', 'curves.py'))
        curves = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(curves)
        for values in ([1, 1], [0.3, 7], [10, 1e7], [38.2, 38.4], [1000, 1000.5]):
            for linear in (False, True):
                axis = curves.Axis(values, 100, 500, linear)
                for number in values + [axis.ticks[0], axis.ticks[-1]]:
                    self.assertTrue(99.9 <= axis(number) <= 500.1, (values, linear, number))


if __name__ == '__main__':
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main()
