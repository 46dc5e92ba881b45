"""weir replay --journal against the real disk: test_kill.py PROGRAM

Commands stream in through a pipe, events are read from another, and the program is killed with
SIGKILL at a random moment; then it is started again on the same journal and goes on. Of every event
that came out the command must be in the journal, what the journal holds must be a beginning of what
was sent, and a replay of it must give the very events that came out. WEIR_TEST_SCALE percent of 40
rounds; a seed may follow PROGRAM."""

import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import unittest

PROGRAM = ''
SEED = 1
VENUE = os.path.abspath('venues/default.yaml')
ROUNDS = max(2, 40 * int(os.environ.get('WEIR_TEST_SCALE', '100')) // 100)
ROUNDS_A_JOURNAL = 8


def stream(count):
    """Commands that do something: two accounts that trade back and forth."""
    yield {'cmd': 'account', 'account': 'anna', 't': 1700000000 * 10**9}
    yield {'cmd': 'account', 'account': 'bob'}
    yield {'cmd': 'deposit', 'account': 'anna', 'amount': '50000000'}
    yield {'cmd': 'deposit', 'account': 'bob', 'amount': '50000000'}
    for source in ('s1', 's2', 's3'):
        yield {'cmd': 'index', 'market': 'BTC-PERP', 'price': '50000', 'source': source}
    for i in range(count):
        who, side = ('anna', 'buy') if i % 4 < 2 else ('bob', 'sell')
        if i % 97 == 0:
            yield {'cmd': 'no such command', 'n': i}
        else:
            yield {'cmd': 'order', 'account': who, 'market': 'BTC-PERP', 'id': f'o{i}',
                   'side': side, 'type': 'limit', 'qty': '0.01', 'price': '50000'}


def weir(*arguments, **more):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, timeout=120, **more)


class Life:
    """One process: fed by a thread, read by another, killed."""

    def __init__(self, journal, lines):
        self.process = subprocess.Popen(
            [PROGRAM, 'replay', '-', '--venue', VENUE, '--journal', journal, '--quiet'],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.lines, self.out = lines, []
        self.reader = threading.Thread(target=self.read)
        self.feeder = threading.Thread(target=self.feed)
        self.reader.start()
        self.feeder.start()

    def read(self):
        while chunk := self.process.stdout.read1(1 << 16):
            self.out.append(chunk)

    def feed(self):
        try:
            for at in range(0, len(self.lines), 50):
                self.process.stdin.write(b''.join(self.lines[at:at + 50]))
                self.process.stdin.flush()
        except OSError:
            pass

    def kill(self, seconds):
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            pass
        self.process.kill()
        said = self.process.stderr.read()
        self.process.wait()
        self.feeder.join()
        self.reader.join()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            try:
                pipe.close()
            except OSError:
                pass
        out = b''.join(self.out)
        return out[:out.rfind(b'\n') + 1].splitlines(), said


class Kill(unittest.TestCase):
    def journal_life(self, folder, rng, rounds):
        """Some rounds on one journal. The number of commands it holds in the end."""
        journal = os.path.join(folder, 'journal')
        lines = [json.dumps(c).encode() + b'\n' for c in stream(30000)]
        weir('replay', '-', '--venue', VENUE, '--events', 'none', '--log',
             os.path.join(folder, 'all.weir'), input=b''.join(lines))
        plain = weir('dump', os.path.join(folder, 'all.weir')).stdout.splitlines()
        held, came_out = 0, {}
        for _ in range(rounds):
            life = Life(journal, lines[held:])
            out, said = life.kill(rng.choice((0.005, 0.05, 0.15, 0.4)) * rng.random())
            self.assertEqual(said, b'')
            for line in out:
                event = json.loads(line)
                self.assertGreater(event['seq'], held)
                came_out[event['seq'], event['n']] = line
            dump = weir('dump', journal)
            if not os.path.isdir(journal) or b'no segment' in dump.stderr:
                self.assertEqual(out, [])
                continue
            self.assertEqual(dump.returncode, 0, dump.stderr)
            commands = dump.stdout.splitlines()
            self.assertGreaterEqual(len(commands), max([held] + [e[0] for e in came_out]))
            self.assertEqual(commands, plain[:len(commands)])
            held = len(commands)
        replay = weir('replay', journal, '--venue', VENUE, '--quiet')
        self.assertEqual(replay.returncode, 0, replay.stderr)
        events = {}
        for line in replay.stdout.splitlines():
            event = json.loads(line)
            events[event['seq'], event['n']] = line
        for key, line in came_out.items():
            self.assertEqual(line, events.get(key))
        audit = weir('audit', journal, '--venue', VENUE)
        self.assertEqual(audit.returncode, 0, audit.stderr)
        return held

    def test_killed_again_and_again(self):
        rng = random.Random(SEED)
        total = 0
        for first in range(0, ROUNDS, ROUNDS_A_JOURNAL):
            with tempfile.TemporaryDirectory() as folder:
                total += self.journal_life(folder, rng, min(ROUNDS_A_JOURNAL, ROUNDS - first))
        print(f'{ROUNDS} rounds, {total} commands held')
        self.assertGreater(total, 0)


class Run(unittest.TestCase):
    SCENARIO = ['run', 'scenarios/hour-601m.yaml', '--set', 'accounts=10000', '--set',
                'position_cap=0.05', '--quiet', '--force']

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.out, self.journal = (os.path.join(folder.name, n) for n in ('out', 'journal'))

    def run_it(self, *more, status=0):
        run = weir(*self.SCENARIO, '--set', 'length=30s', '--out', self.out, *more)
        self.assertEqual(run.returncode, status, run.stderr)
        return run.stderr

    def state_hash(self):
        with open(os.path.join(self.out, 'summary.json'), encoding='utf-8') as file:
            return json.load(file)['state_hash']

    def test_killed_and_continued(self):
        self.run_it()
        expected = self.state_hash()
        for seconds in (0.1, 0.2):
            try:
                subprocess.run([PROGRAM, *self.SCENARIO, '--set', 'length=30s', '--out', self.out,
                                '--journal', self.journal], timeout=seconds, capture_output=True)
            except subprocess.TimeoutExpired:
                pass  # killed
        self.run_it('--journal', self.journal)
        self.assertEqual(self.state_hash(), expected)
        audit = weir('audit', self.journal, '--venue', os.path.join(self.out, 'venue.yaml'),
                     '--json')
        self.assertEqual(json.loads(audit.stdout)['state_hash'], expected)
        said = self.run_it('--journal', self.journal, '--seed', '9', status=1)
        self.assertIn(b'are not those made now', said)


class FullDisk(unittest.TestCase):
    """A file system of our own that is nearly full: it needs the right to mount one."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder, self.small = folder.name, os.path.join(folder.name, 'small')
        if int(os.environ.get('WEIR_TEST_SCALE', '100')) < 100:
            self.skipTest('a full count of commands is needed to fill a disk')
        os.mkdir(self.small)
        mount = subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=140m', 'tmpfs', self.small],
                               capture_output=True)
        if mount.returncode != 0:
            self.skipTest('no right to mount a file system to fill')
        self.addCleanup(subprocess.run, ['umount', self.small])

    def test_stops_and_goes_on(self):
        ballast, journal = os.path.join(self.small, 'x'), os.path.join(self.small, 'journal')
        with open(ballast, 'wb') as file:
            os.posix_fallocate(file.fileno(), 0, 70 << 20)
        log, out = os.path.join(self.folder, 'all'), os.path.join(self.folder, 'out')
        order = {'cmd': 'order', 'account': 'a' * 31, 'market': 'BTC-PERP', 'id': 'i' * 31,
                 'side': 'buy', 'type': 'limit', 'qty': '1.23456', 'price': '50000.5'}
        block = json.dumps(order).encode() + b'\n'
        with open(log, 'wb') as file:
            for _ in range(60):
                file.write(block * 10000)
        program = subprocess.Popen(
            [PROGRAM, 'replay', log, '--venue', VENUE, '--journal', journal, '--events', out],
            stderr=subprocess.PIPE)
        self.addCleanup(program.wait)
        self.addCleanup(program.kill)
        self.addCleanup(program.stderr.close)
        for line in program.stderr:
            if b'no room on the disk' in line:
                break
        self.assertIn(b'no command is accepted until there is some', line)
        with open(out, 'rb') as file:
            told = file.read().count(b'\n')
        dump = weir('dump', journal, '--quiet')  # of what is there while it waits
        self.assertGreater(told, 100000)
        self.assertLessEqual(told, dump.stdout.count(b'\n'), dump.stderr)
        self.assertIsNone(program.poll())
        os.remove(ballast)
        said = program.stderr.read()
        self.assertIn(b'there is room again', said)
        self.assertEqual(program.wait(), 0)
        whole = weir('replay', log, '--venue', VENUE, '--quiet').stdout
        with open(out, 'rb') as file:
            self.assertTrue(file.read() == whole)
        audit = weir('audit', journal, '--venue', VENUE)
        self.assertEqual(audit.returncode, 0, audit.stderr)
        self.assertIn(b'600000 commands', audit.stdout)


class Replay(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.journal = os.path.join(folder.name, 'journal')
        self.lines = [json.dumps(c).encode() + b'\n' for c in stream(3000)]

    def replay(self, lines, *more):
        run = weir('replay', '-', '--venue', VENUE, '--journal', self.journal, *more,
                   input=b''.join(lines))
        self.assertEqual(run.returncode, 0, run.stderr)
        return run.stdout

    def test_in_parts_as_in_one(self):
        whole = weir('replay', '-', '--venue', VENUE, '--quiet', input=b''.join(self.lines)).stdout
        parts = b''.join(self.replay(self.lines[at:at + 1000], '--quiet')
                         for at in range(0, len(self.lines), 1000))
        # A refused line is named by its place in the input it came from.
        names = [b'"no such command"', b'unknown_command']
        kept = [[x for x in out.splitlines() if not any(n in x for n in names)]
                for out in (whole, parts)]
        self.assertEqual(*kept)

    def test_summary_and_readers(self):
        self.replay(self.lines[:1000], '--events', 'none')
        said = json.loads(self.replay(self.lines[1000:], '--events', 'none', '--json'))
        self.assertEqual(said['recovered'], 1000)
        self.assertEqual(said['commands'], len(self.lines))
        audit = json.loads(weir('audit', self.journal, '--venue', VENUE, '--json').stdout)
        self.assertEqual(audit['commands'], len(self.lines))
        self.assertEqual(audit['events'], said['events'])
        self.assertEqual(audit['state_hash'], said['state_hash'])
        self.assertTrue(audit['ending'] and audit['passed'])

    def test_refusals(self):
        self.replay(self.lines[:100])
        other = weir('replay', '-', '--venue', VENUE, '--journal', self.journal, '--set',
                     'markets.0.tick=0.5', input=b'')
        self.assertEqual(other.returncode, 2)
        self.assertIn(b'the journal is of the venue', other.stderr)
        itself = weir('replay', self.journal, '--venue', VENUE, '--journal', self.journal)
        self.assertEqual(itself.returncode, 2)
        name = os.path.join(self.journal, f'{1:020}.weirlog')
        for option in ('--events', '--log'):
            read = weir('replay', self.journal, '--venue', VENUE, option, name)
            written = weir('replay', '-', '--venue', VENUE, '--journal', self.journal, option,
                           os.path.join(self.journal, 'new'), input=b'')
            self.assertEqual((read.returncode, written.returncode), (2, 2))
        self.assertEqual(weir('audit', self.journal, '--venue', VENUE).returncode, 0)
        name = os.path.join(self.journal, f'{1:020}.weirlog')
        with open(name, 'r+b') as file:
            file.seek(4096 + 100)
            byte = file.read(1)
            file.seek(4096 + 100)
            file.write(bytes([byte[0] ^ 1]))
        for arguments in (('replay', '-', '--venue', VENUE, '--journal', self.journal),
                          ('dump', self.journal), ('audit', self.journal, '--venue', VENUE)):
            run = weir(*arguments, input=b'')
            self.assertNotEqual(run.returncode, 0)
            self.assertIn(f'{1:020}.weirlog: byte 4'.encode(), run.stderr)


if __name__ == '__main__':
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    if len(sys.argv) > 1:
        SEED = int(sys.argv.pop(1))
    unittest.main(argv=sys.argv[:1])
