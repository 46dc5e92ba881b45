"""The commands replay, audit, dump and explain from outside: results, wrong usage, hostile input.

    test_commands.py PROGRAM
"""

import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import unittest

PROGRAM = ''
VENUE = os.path.abspath('venues/default.yaml')
SECOND = 10**9

# A long of 10 BTC at 50,000 with a tenth of that as equity, and what becomes of it.
STORY = [
    {'cmd': 'account', 'account': 'anna', 't': 1700000000 * SECOND},
    {'cmd': 'account', 'account': 'bob'},
    {'cmd': 'deposit', 'account': 'anna', 'amount': '50000'},
    {'cmd': 'deposit', 'account': 'bob', 'amount': '5000000'},
    {'cmd': 'index', 'market': 'BTC-PERP', 'price': '50000', 'source': 's1'},
    {'cmd': 'index', 'market': 'BTC-PERP', 'price': '50000', 'source': 's2'},
    {'cmd': 'index', 'market': 'BTC-PERP', 'price': '50000', 'source': 's3'},
    {'cmd': 'leverage', 'account': 'anna', 'market': 'BTC-PERP', 'leverage': 20},
    {'cmd': 'block_trade', 'market': 'BTC-PERP', 'buyer': 'anna', 'seller': 'bob', 'qty': '10',
     'price': '50000'},
    {'cmd': 'withdraw', 'account': 'anna', 'amount': '49000'},
    {'cmd': 'order', 'account': 'bob', 'market': 'BTC-PERP', 'id': 'bid', 'side': 'buy',
     'type': 'limit', 'qty': '20', 'price': '45500'},
    {'cmd': 'index', 'market': 'BTC-PERP', 'price': '45100', 'source': 's1',
     't': 1700000001 * SECOND},
    {'cmd': 'index', 'market': 'BTC-PERP', 'price': '45100', 'source': 's2'},
    {'cmd': 'index', 'market': 'BTC-PERP', 'price': '45100', 'source': 's3'},
    {'cmd': 'clock', 't': 1700000002 * SECOND},
    {'cmd': 'query', 'what': 'totals'},
]


def lines(commands):
    return ''.join(json.dumps(c) + '\n' for c in commands).encode()


class CliTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def path(self, name, content=None):
        path = os.path.join(self.folder.name, name)
        if content is not None:
            with open(path, 'wb') as file:
                file.write(content)
        return path

    def weir(self, *args, stdin=b'', status=0, **more):
        done = subprocess.run([PROGRAM, *args], input=stdin, capture_output=True, timeout=300,
                              check=False, **more)
        error = done.stderr.decode(errors='replace')
        self.assertEqual(done.returncode, status, f'{args}: {error}')
        return done.stdout, error

    def replay(self, stdin, *args, status=0):
        out, error = self.weir('replay', '-', '--venue', VENUE, *args, stdin=stdin, status=status)
        return [json.loads(line) for line in out.splitlines()], error

    def hash(self, error):
        return re.search(r'state_hash ([0-9a-f]{16})', error).group(1)


class Usage(CliTest):
    def test_help_of_everything(self):
        out, _ = self.weir('--help')
        names = re.findall(r'^  (\w+) +\S', out.decode().split('\n\n')[1], re.M)
        self.assertTrue({'run', 'replay', 'explain', 'audit', 'dump', 'report'} <= set(names))
        for name in names:
            out, error = self.weir(name, '--help')
            self.assertIn(b'Example', out, name)
            self.assertIn(b'Usage: weir ' + name.encode(), out)
            self.assertEqual(error, '')
            self.assertEqual(self.weir('help', name)[0], out)
        out, _ = self.weir('--version')
        self.assertRegex(out.decode(), r'^weir \d+\.\d+\.\d+\ncompiler: (gcc|clang)')
        self.assertEqual(self.weir('replay', '--version')[0], out)

    def test_wrong_usage(self):
        empty, folder = self.path('empty', b''), self.folder.name
        log = self.path('log.jsonl', lines(STORY))
        rows = [
            ([], 'Usage'), (['bench-everything'], 'the commands are run, replay'),
            (['--verbose'], 'there is no command'),
            (['replay'], 'a log is missing'), (['replay', log], 'the venue file is missing'),
            (['replay', log, log, '--venue', VENUE], 'one log only'),
            (['replay', log, '--venue', VENUE, '--frobnicate'], 'unrecognized option'),
            (['replay', log, '--venue', VENUE, '--set', 'tick'], 'expected key.path=value'),
            (['replay', log, '--venue', VENUE, '--set', '=5'], 'expected key.path=value'),
            (['replay', log, '--venue', VENUE, '--set', 'no_such_key=5'], 'no_such_key'),
            (['replay', log, '--venue', VENUE, '--policy', 'hope'], 'hope'),
            (['replay', '/nonexistent', '--venue', VENUE], 'No such file'),
            (['replay', log, '--venue', '/nonexistent'], 'No such file'),
            (['replay', empty, '--venue', VENUE], 'is empty'),
            (['replay', log, '--venue', empty], 'empty'),
            (['replay', folder, '--venue', VENUE], 'no segment of a journal is there'),
            (['replay', log, '--venue', VENUE, '--log', log], 'the log that is read'),
            (['replay', log, '--venue', VENUE, '--events', log], 'the log itself'),
            (['audit'], 'a log is missing'),
            (['audit', '/nonexistent', '--venue', VENUE], 'No such file'),
            (['audit', empty, '--venue', VENUE], 'is empty'),
            (['dump'], 'a log is missing'), (['dump', empty], 'is empty'),
            (['explain', log, '--venue', VENUE], 'the account is missing'),
            (['explain', '--account', 'anna', '--venue', VENUE], 'a log is missing'),
            (['explain', log, '--venue', VENUE, '--account', 'a b'], 'not a name'),
            (['explain', log, '--venue', VENUE, '--account', 'nobody'], 'no account `nobody`'),
            (['explain', '-', '--venue', VENUE, '--account', 'anna'], 'give a file'),
        ]
        for args, message in rows:
            with self.subTest(args=args):
                out, error = self.weir(*args, status=2)
                self.assertEqual(out, b'')
                self.assertIn(message, error)
        with open(log, 'rb') as file:
            self.assertEqual(file.read(), lines(STORY), 'nothing above has touched the log')

    def test_bad_venue_is_answered_with_its_place(self):
        with open(VENUE, 'rb') as file:
            text = file.read()
        venue = self.path('bad.yaml', text + b'\ncolour: blue\n')
        log = self.path('log.jsonl', lines(STORY))
        _, error = self.weir('replay', log, '--venue', venue, status=2)
        self.assertRegex(error, r'bad\.yaml:\d+:\d+: .*colour')


class Replay(CliTest):
    def test_story(self):
        events, error = self.replay(lines(STORY))
        self.assertRegex(error, rf'^weir replay: {len(STORY)} commands, {len(events)} events, '
                                r'state_hash [0-9a-f]{16}\n$')
        answers = [e for e in events if e['event'] in ('accepted', 'rejected', 'totals')]
        self.assertEqual([e['seq'] for e in answers], list(range(1, len(STORY) + 1)))
        words = [e['event'] for e in events]
        self.assertIn('liquidation_started', words)
        self.assertIn('liquidation_ended', words)
        rejected = [e for e in events if e['event'] == 'rejected']
        self.assertEqual([(e['seq'], e['reason']) for e in rejected], [(10, 'insufficient')])
        self.assertTrue(events[-1]['conserved'])
        self.assertEqual(events[-1]['state_hash'], self.hash(error))
        for seq in {e['seq'] for e in events}:
            ns = [e['n'] for e in events if e['seq'] == seq]
            self.assertEqual(ns, list(range(len(ns))))

    def test_reference_gives_the_same_events(self):
        results = [self.replay(lines(STORY), *args) for args in ([], ['--reference'])]
        for events, _ in results:
            for event in events:
                event.pop('detail', None)  # a sentence for people, and two authors
        self.assertEqual(*results)

    def test_where_events_go(self):
        log = self.path('log.jsonl', lines(STORY))
        out, error = self.weir('replay', log, '--venue', VENUE)
        none, same = self.weir('replay', log, '--venue', VENUE, '--events', 'none')
        self.assertEqual((none, same), (b'', error))
        path = self.path('events.jsonl')
        self.assertEqual(self.weir('replay', log, '--venue', VENUE, '--events', path)[0], b'')
        with open(path, 'rb') as file:
            self.assertEqual(file.read(), out)
        summary, quiet = self.weir('replay', log, '--venue', VENUE, '--events', 'none', '--json',
                                   '--quiet')
        self.assertEqual(quiet, '')
        self.assertEqual(json.loads(summary), {'commands': len(STORY), 'events': out.count(b'\n'),
                                               'state_hash': self.hash(error)})
        self.weir('replay', log, '--venue', VENUE, '--events', '/nonexistent/x', status=1)
        with open('/dev/full', 'wb') as full:
            done = subprocess.run([PROGRAM, 'replay', log, '--venue', VENUE], stdout=full,
                                  stderr=subprocess.PIPE, check=False, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b'No space left', done.stderr)

    def test_venue_beside_the_log(self):
        log = self.path('commands.jsonl', lines(STORY))
        with open(VENUE, 'rb') as file:
            self.path('venue.yaml', file.read())
        self.assertEqual(self.weir('replay', log), self.weir('replay', log, '--venue', VENUE))

    def test_conversation(self):
        with subprocess.Popen([PROGRAM, 'replay', '-', '--venue', VENUE, '--quiet'],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE) as weir:
            for seq, command in enumerate(STORY, 1):
                weir.stdin.write(lines([command]))
                weir.stdin.flush()
                # The answer comes though more input may follow.
                while True:
                    event = json.loads(weir.stdout.readline())
                    self.assertLessEqual(event['seq'], seq)
                    if event['seq'] == seq:
                        break
            weir.stdin.close()
            weir.stdout.read()
            self.assertEqual(weir.wait(timeout=60), 0)

    def test_interrupt_ends_cleanly(self):
        with subprocess.Popen([PROGRAM, 'replay', '-', '--venue', VENUE, '--log',
                               self.path('kept.weir')], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as weir:
            weir.stdin.write(lines(STORY[:3]) + b'{"cmd":"clo')
            weir.stdin.flush()
            for _ in range(3):
                json.loads(weir.stdout.readline())
            weir.send_signal(signal.SIGINT)
            self.assertEqual(weir.wait(timeout=60), 130)
            self.assertIn(b'3 commands, 3 events', weir.stderr.read())
            weir.stdin.close()
        self.weir('audit', self.path('kept.weir'), '--venue', VENUE)

    def test_reader_goes_away(self):
        with subprocess.Popen([PROGRAM, 'replay', '-', '--venue', VENUE], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as weir:
            weir.stdout.close()
            try:
                weir.stdin.write(lines(STORY[:1]) + lines([{'cmd': 'query', 'what': 'totals'}]) *
                                 20000)
                weir.stdin.close()
            except BrokenPipeError:
                pass
            self.assertEqual(weir.wait(timeout=60), 1)
            self.assertIn(b'Broken pipe', weir.stderr.read())


class Hostile(CliTest):
    MALFORMED = [
        b'', b'{', b'[]', b'null', b'{"cmd":"clock","t":1.5}', b'{"cmd":"clock","t":1e5}',
        b'{"cmd":"clock","t":1,"t":1}', b'{"cmd":"clo\0ck"}', b'\0\0\0', b'\xff\xfe',
        b'{"cmd":"\xc3\x28"}', b'{"cmd":"clock"} {}', b'x' * (10 << 20), b'[' * 65536,
        b'{"a":' * 13000,
    ]
    OTHERS = [
        (b'{}', 'unknown_command'), (b'{"cmd":"clocks"}', 'unknown_command'),
        (b'{"cmd":"clock","t":1,"x":1}', 'invalid'), (b'{"cmd":"clock"}', 'invalid'),
        (b'{"cmd":"clock","t":"x"}', 'invalid'),
        (b'{"cmd":"clock","t":' + b'9' * 5000 + b'}', 'invalid'),
        (b'{"cmd":"clock","t":1,"x":' + b'[' * 9999 + b']' * 9999 + b'}', 'invalid'),
        (b'{"cmd":"index","market":"NO-SUCH","price":"1"}', 'unknown_market'),
        (b'{"cmd":"index","market":"","price":"1"}', 'unknown_market'),
        (b'{"cmd":"index","market":"\\ud83d\\ude00","price":"1"}', 'unknown_market'),
        (b'{"cmd":"index","market":"BTC-PERP","price":"' + b'9' * 60000 + b'"}', 'overflow'),
        (b'{"cmd":"index","market":"BTC-PERP","price":"-5"}', 'range'),
        (b'{"cmd":"index","market":"BTC-PERP","price":"0.' + b'0' * 50 + b'1"}', 'precision'),
        (b'{"cmd":"deposit","account":"nobody","amount":"1"}', 'unknown_account'),
        (b'{"cmd":"deposit","account":"@fund:main","amount":"1"}', 'invalid'),
    ]

    def test_each_line_has_one_answer(self):
        rows = [(line, 'malformed') for line in self.MALFORMED] + self.OTHERS
        events, _ = self.replay(b'\n'.join(line for line, _ in rows) + b'\n')
        self.assertEqual(len(events), len(rows))
        for number, (event, (line, reason)) in enumerate(zip(events, rows), 1):
            self.assertEqual((event['seq'], event['event']), (number, 'rejected'))
            self.assertEqual(event['reason'], reason, (line[:80], event))
            if reason == 'malformed':
                self.assertRegex(event['detail'], rf'^line {number}, column \d+: ')

    def test_strict(self):
        for bad in self.MALFORMED:
            events, error = self.replay(lines(STORY[:2]) + bad + b'\n' + lines(STORY[2:]),
                                        '--strict', status=1)
            self.assertEqual([e['event'] for e in events], ['accepted', 'accepted', 'rejected'])
            self.assertRegex(error, r'standard input: line 3, column \d+: ')
        events, _ = self.replay(b'{"cmd":"nothing"}\n' + lines(STORY), '--strict')
        self.assertGreater(len(events), len(STORY))

    def test_damaged_stories(self):
        """Whatever happens to the bytes, every line is answered, and nothing else happens."""
        rng, text = random.Random(7), lines(STORY)
        for _ in range(40):
            damaged = bytearray(text)
            for _ in range(rng.randrange(1, 8)):
                at = rng.randrange(len(damaged))
                damaged[at:at + rng.randrange(3)] = rng.randbytes(rng.randrange(3))
            events, _ = self.replay(bytes(damaged))
            count = len(bytes(damaged).split(b'\n')) - (damaged.endswith(b'\n') or not damaged)
            answers = [e['seq'] for e in events
                       if e['event'] in ('accepted', 'rejected') or e['event'].endswith('_state')
                       or e['event'] in ('totals', 'liquidation_map')]
            self.assertEqual(answers, list(range(1, count + 1)), bytes(damaged))


class Log(CliTest):
    def record(self, text=None):
        path = self.path('log.weir')
        events, error = self.replay(text if text is not None else lines(STORY), '--log', path)
        return path, events, self.hash(error)

    def test_round_trip(self):
        text = lines(STORY) + b'{"cmd":"clock","t":1.5}\n{"cmd":"nothing"}\n{"cmd":"clock"}\n'
        path, events, state_hash = self.record(text)
        out, error = self.weir('replay', path, '--venue', VENUE)
        self.assertEqual([json.loads(line) for line in out.splitlines()], events)
        self.assertEqual(self.hash(error), state_hash)
        with open(path, 'rb') as file:
            piped, _ = self.weir('replay', '-', '--venue', VENUE, stdin=file.read())
        self.assertEqual(piped, out)
        dumped, error = self.weir('dump', path)
        self.assertIn(state_hash, error)
        self.assertEqual(dumped.count(b'\n'), len(STORY) + 3)
        again, error = self.replay(dumped)
        self.assertEqual(self.hash(error), state_hash)
        reasons = [e['reason'] for e in again if e['event'] == 'rejected']
        self.assertEqual(reasons, ['insufficient', 'malformed', 'unknown_command', 'invalid'])
        audited, _ = self.weir('audit', path, '--venue', VENUE)
        self.assertIn(b'ends in the same state', audited)
        verdict = json.loads(self.weir('audit', path, '--venue', VENUE, '--json')[0])
        self.assertTrue(verdict['passed'] and verdict['conserved'] and verdict['ending'])
        self.assertEqual(verdict['state_hash'], state_hash)

    def test_other_venue(self):
        path, _, _ = self.record()
        setting = 'markets.BTC-PERP.max_open_orders=7'
        _, error = self.weir('replay', path, '--venue', VENUE, '--set', setting)
        self.assertIn('recorded at another venue', error)
        _, error = self.weir('audit', path, '--venue', VENUE, '--set', setting, status=2)
        self.assertIn('recorded at another venue', error)

    def test_damage(self):
        path, _, _ = self.record()
        with open(path, 'rb') as file:
            log = file.read()
        rng = random.Random(3)
        for _ in range(30):
            at = rng.randrange(8, len(log))
            damaged = self.path('damaged.weir', log[:at] + bytes([log[at] ^ 1 << rng.randrange(8)])
                                + log[at + 1:])
            _, error = self.weir('replay', damaged, '--venue', VENUE, status=2)
            self.assertRegex(error, r'damaged\.weir: byte \d+: ')
            self.weir('dump', damaged, status=2)
            self.weir('audit', damaged, '--venue', VENUE, status=2 if at < 64 else 1)
            cut = self.path('cut.weir', log[:at])
            status = self.weir('dump', cut, status=2 if self.torn(log, at) else 0)
            self.assertIsNotNone(status)

    @staticmethod
    def torn(log, at):
        """Does log[:at] end inside the header or a record?"""
        offset = 64
        while offset < at:
            offset += 24 + int.from_bytes(log[offset:offset + 4], 'little')
        return offset != at

    def test_records_left_out(self):
        """Each record's checksum is right, but one is missing or stands elsewhere."""
        path, _, _ = self.record()
        with open(path, 'rb') as file:
            log = file.read()
        ends = [64]
        while ends[-1] < len(log):
            ends.append(ends[-1] + 24 + int.from_bytes(log[ends[-1]:ends[-1] + 4], 'little'))
        records = [log[a:b] for a, b in zip(ends, ends[1:])]
        rows = [records[1:], records[:3] + records[4:], records[:2] + records[3:1:-1] + records[4:],
                records[:4] + records[3:], records + records[-1:]]
        for row in rows:
            _, error = self.weir('audit', self.path('mixed.weir', log[:64] + b''.join(row)),
                                 '--venue', VENUE, status=1)
            self.assertRegex(error, r'record number \d+, expected \d+|behind the closing record')


class Explain(CliTest):
    def test_story(self):
        log = self.path('log.jsonl', lines(STORY))
        out, _ = self.weir('explain', log, '--venue', VENUE, '--account', 'anna')
        text = out.decode()
        self.assertTrue(text.startswith('anna at venue default: liquidated 1 times, '
                                        'deleveraged 0 times, 1 commands rejected\n'), text)
        for words in ['command 10 at 2023-11-14T22:13:20Z', 'rejected, `insufficient`',
                      'before it: balance 50000.000000', 'bankruptcy price', 'R23', 'R17',
                      'liquidation 1 of scope cross starts: equity ', 'policy ', 'ends `']:
            self.assertIn(words, text)
        out, _ = self.weir('explain', log, '--venue', VENUE, '--account', 'bob')
        self.assertTrue(out.decode().startswith('bob at venue default: liquidated 0 times'))

    def test_moments_are_readable(self):
        """Times are told as dates, auction closes too, with no more digits than they have."""
        story = [dict(c) for c in STORY if c.get('id') != 'bid']
        story[0]['t'] += 250 * 10**6
        log = self.path('log.jsonl', lines(story))
        text = self.weir('explain', log, '--venue', VENUE, '--account', 'anna')[0].decode()
        self.assertIn('command 10 at 2023-11-14T22:13:20.25Z', text)
        self.assertIn('to auction 1, which closes at 2023-11-14T22:13:22Z (R26)', text)
        self.assertNotRegex(re.sub(r'"t":\d+', '', text), r'\d{19}')

    def test_json_is_part_of_the_replay(self):
        log = self.path('log.jsonl', lines(STORY))
        replayed = set(self.weir('replay', log, '--venue', VENUE)[0].splitlines())
        out, _ = self.weir('explain', log, '--venue', VENUE, '--account', 'anna', '--json')
        told = [line for line in out.splitlines() if json.loads(line)['event'] != 'account_state']
        self.assertGreater(len(told), 3)
        for line in told:
            self.assertIn(line, replayed)


if __name__ == '__main__':
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main()
