"""Where the time of a burst goes: profile.py PROGRAM [OPTION of weir bench burst]...
                      or instructions: profile.py --instructions PROGRAM [OPTION of digest]...

Time: perf samples the timed part (stacks that hold burst_run and the engine); a sample belongs to
the function, inlined ones too, and the room whose line was running. Instructions: callgrind counts
those of the same part, with a made clock: the same number every time. Told per room and function.
Exit status 1 when a function that is not matching, margin or waterfall takes more than 5 % of the
time, 77 when the tool is not here."""

import collections
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

LIMIT = 5.0  # per cent, of a function outside these rooms:
WORK = {
    'matching': {'matching', 'orderbook'},
    'margin': {'margin'},
    'waterfall': {'policy', 'auction', 'insurance', 'adl', 'liquidation'},
}
ROOMS = ('base market protocol ledger orderbook price margin matching policy auction insurance adl '
         'liquidation engine wire bench').split()
DRIVER = {'burst_run', 'next_instant', 'backlog'}  # outside the engine
START = {'(below main)', '_start'}
SHOWN, LEAST = 40, 0.5  # functions, per cent
SKIPPED = 77


def die(text, status=2):
    print(f'profile: {text}', file=sys.stderr)
    sys.exit(status)


def run(command, **options):
    done = subprocess.run(command, text=True, stdin=subprocess.DEVNULL, **options)
    if done.returncode != 0:
        die(f'{" ".join(command[:4])} ... ended with status {done.returncode}\n'
            f'{(getattr(done, "stderr", None) or "")[-2000:]}')
    return done.stdout


def need(tool, package):
    if shutil.which(tool) is None:
        die(f'there is no {tool} here: ./dev setup profile installs it (Debian package {package})',
            SKIPPED)


def room_of(path):
    """The folder of a source file that is one of the rooms; else `other`."""
    parts = path.replace('\\', '/').split('/')
    for part in reversed(parts[:-1]):
        if part in ROOMS:
            return part
    return 'other'


def plain(symbol):
    """Without what a compiler appends to the names of parts and copies."""
    return re.sub(r"(\.(lto_priv|constprop|isra|part|cold|llvm)(\.\d+)*)+$|'\d+$", '', symbol)


# ---- Time ----------------------------------------------------------------------------------------


def record(program, options, folder):
    data = os.path.join(folder, 'perf.data')
    command = ['perf', 'record', '-e', 'cpu-clock', '-F', '4000', '--call-graph', 'fp', '-o', data,
               program, 'bench', 'burst', *options]
    done = subprocess.run(command, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)
    if not os.path.exists(data) or os.path.getsize(data) == 0:
        die('perf cannot sample here (see /proc/sys/kernel/perf_event_paranoid: it must be 2 or '
            f'less; containers may forbid it):\n{done.stderr[-1500:]}', SKIPPED)
    if done.returncode != 0:
        die(f'weir bench burst ended with status {done.returncode}:\n{done.stderr[-1500:]}')
    print(done.stdout)
    return data


FRAME = re.compile(r'^\s*([0-9a-f]+)\s+(.*?)\s+\((.*)\)$')


def samples(data):
    """Stacks: lists of (address, symbol, file), innermost first."""
    text = run(['perf', 'script', '-i', data, '-F', 'ip,sym,dso'], stdout=subprocess.PIPE,
               stderr=subprocess.PIPE)
    stack = []
    for line in text.splitlines() + ['']:
        frame = FRAME.match(line)
        if frame:
            stack.append((int(frame.group(1), 16), plain(frame.group(2)), frame.group(3)))
        elif stack:
            yield stack
            stack = []


def loads(program):
    """(offset in the file, address, length) of the program's segments."""
    text = run(['readelf', '--program-headers', '--wide', program], stdout=subprocess.PIPE)
    return [tuple(int(m.group(i), 16) for i in (1, 2, 3)) for m in
            re.finditer(r'LOAD\s+0x([0-9a-f]+)\s+0x([0-9a-f]+)\s+\S+\s+0x([0-9a-f]+)', text)]


def own_address(segments, offset):
    """perf tells places within a file; the file's lines are known by address. None: elsewhere."""
    return next((offset - at + address for at, address, length in segments
                 if at <= offset < at + length), None)


def lines_of(program, addresses):
    """address: (function, path) of the innermost function there, inlined ones too."""
    ordered = sorted(addresses)
    text = subprocess.run(['addr2line', '-e', program, '-f', '-i', '-a'], text=True, check=True,
                          stdout=subprocess.PIPE, input='\n'.join(map(hex, ordered))).stdout
    found, address, rest = {}, None, []
    for line in text.splitlines() + ['0x0']:
        if line.startswith('0x'):
            if address is not None and len(rest) >= 2:
                found[address] = (plain(rest[0]), rest[1].rsplit(':', 1)[0])
            address, rest = int(line, 16), []
        else:
            rest.append(line)
    return found


def profile_time(program, options):
    for tool, package in (('perf', 'linux-perf'), ('addr2line', 'binutils')):
        need(tool, package)
    with tempfile.TemporaryDirectory() as folder:
        data = record(program, options, folder)
        segments = loads(program)
        leaves, whole, name = collections.Counter(), 0, os.path.basename(program)
        for stack in samples(data):
            symbols = {frame[1] for frame in stack}
            if 'burst_run' not in symbols or 'weir_reference_apply' in symbols:
                continue
            whole += 1
            if 'weir_engine_apply' not in symbols:
                continue
            address, symbol, file = stack[0]
            own = own_address(segments, address) if os.path.basename(file) == name else None
            if own is None:
                leaves[('kernel' if 'kernel' in file else 'libc', symbol)] += 1
            else:
                leaves[own] += 1
        if sum(leaves.values()) < 500:
            die('fewer than 500 samples in the engine: ask for more --accounts or --runs')
        known = lines_of(program, [a for a in leaves if isinstance(a, int)])
    counts = collections.Counter()
    for leaf, n in leaves.items():
        if isinstance(leaf, int):
            function, path = known.get(leaf, ('?', '?'))
            counts[(room_of(path), function)] += n
        else:
            counts[leaf] += n
    inside = sum(counts.values())
    print(f'{whole} samples of the timed part, {100 * inside / whole:.1f} % of them in the engine')
    return counts, inside, '%'


# ---- Instructions --------------------------------------------------------------------------------


def self_costs(path, program):
    """(file, function) of callgrind's output: instructions of its own, and where they stand. What a
    library does for a function is that function's, but for the hash of events, which only `digest`
    takes. A program without debug information has functions, but no files."""
    tables = {'ob': {}, 'fl': {}, 'fn': {}}
    counts, at = collections.Counter(), {'ob': '?', 'fl': '?', 'fn': '?'}
    callee = dict(at)

    def own(place):
        unknown = place['fl'] == '???' and place['ob'].endswith('/' + os.path.basename(program))
        return unknown or room_of(place['fl']) != 'other'

    called = False
    with open(path, encoding='utf-8') as lines:
        for line in lines:
            named = re.match(r'^(c?)(ob|fl|fi|fe|fn)=(?:\((\d+)\))?\s*(.*)$', line)
            if named:
                of_callee, kind, number, text = named.groups()
                kind = 'fl' if kind in ('fi', 'fe') else kind
                if number and text:
                    tables[kind][number] = text
                (callee if of_callee else at)[kind] = text or tables[kind].get(number, '?')
            elif line.startswith('calls='):
                called = True
            elif re.match(r'^[+*\d-]', line):
                hashes = callee['fn'].startswith('XXH')
                if own(at) and at['fn'] not in START and (
                        not called or (not own(callee) and not hashes)):
                    counts[(at['fl'], plain(at['fn']))] += int(line.split()[1])
                called = False
            if not called and not line.startswith('c'):
                callee = dict(at)
    return counts


def profile_instructions(program, options):
    need('valgrind', 'valgrind')
    if not any(o.startswith('--accounts') for o in options):
        options = ['--accounts', '4000', '--ticks', '128', *options]
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, 'out')
        text = run(['valgrind', '--quiet', '--tool=callgrind', '--toggle-collect=burst_run',
                    f'--callgrind-out-file={out}', program, 'bench', 'digest', '--json', *options],
                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        case = json.loads(text)['digest'][0]
        if case['checked'] is not True:
            die('the burst did not end as it must', 1)
        costs = self_costs(out, program)
    liquidations = case['liquidations']
    counts = collections.Counter()
    for (path, function), n in costs.items():
        if function not in DRIVER:
            counts[(room_of(path), function)] += n
    whole = sum(counts.values())
    if whole == 0:
        die('callgrind counted nothing: is burst_run a function of its own in this build?')
    print(f'{liquidations} liquidations, {whole / liquidations:.0f} instructions each, '
          f'other commands and the writing of events included')
    return counts, whole, liquidations


# ---- The table -----------------------------------------------------------------------------------


def tell(counts, whole, per):
    def share(n):
        return f'{100 * n / whole:6.2f} %' + ('' if per == '%' else f' {n / per:9.0f}')
    rooms = collections.Counter()
    for (room, _), n in counts.items():
        rooms[room] += n
    print('\nroom')
    for room, n in rooms.most_common():
        kind = next((k for k, names in WORK.items() if room in names), '')
        print(f'{share(n)}  {room:12} {kind}')
    print('\nfunction')
    for (room, function), n in counts.most_common(SHOWN):
        if 100 * n / whole >= LEAST:
            print(f'{share(n)}  {room:12} {function}')
    if per != '%':
        return 0  # instructions are no time: what a miss costs is not in them
    work = set().union(*WORK.values())
    over = [(room, function, 100 * n / whole) for (room, function), n in counts.most_common()
            if room not in work and 100 * n / whole > LIMIT]
    print()
    for room, function, part in over:
        print(f'{function} ({room}/) takes {part:.1f} %, and is not matching, margin or waterfall: '
              f'at most {LIMIT:.0f} %')
    if not over:
        print(f'no function that is not matching, margin or waterfall takes over {LIMIT:.0f} %')
    return 1 if over else 0


def main():
    arguments = sys.argv[1:]
    instructions = '--instructions' in arguments
    arguments = [a for a in arguments if a != '--instructions']
    if not arguments:
        die('usage: profile.py [--instructions] PROGRAM [OPTION]...')
    program, options = os.path.abspath(arguments[0]), arguments[1:]
    profile = profile_instructions if instructions else profile_time
    return tell(*profile(program, options))


if __name__ == '__main__':
    sys.exit(main())
