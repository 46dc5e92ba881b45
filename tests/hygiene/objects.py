"""No floating point and no lock in the state machine: objects.py check BUILD ROOM... [-- COMPILER]
                                                     objects.py controls -- COMPILER...

Reads the machine code of the rooms that make the state machine, as the compiler left it. A control
shows that each of the habits is found where it is."""

import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77

# x86: arithmetic, comparison and conversion of the vector unit on singles and doubles, and whatever
# the old unit does. Moves, shuffles and logic on the same registers carry integers, too.
X86_FLOAT = re.compile(
    r'^(v?(add|sub|mul|div|sqrt|min|max|cmp[a-z]*|u?comi|round|rndscale|hadd|hsub|addsub|dp|'
    r'rcp|rcp14|rsqrt|rsqrt14|fn?m(add|sub)[0-9]*|fm(add|sub)(add|sub)?[0-9]*)'
    r'(ss|sd|ps|pd|sh|ph)'
    r'|v?cvt\w+|f(?!ence|xsave|xrstor|emms)[a-z]\w*)$')
ARM_FLOAT = re.compile(r'^(f(?!mov)[a-z]\w*|[su]cvtf|bf\w+mul\w*)$')
X86_LOCK = re.compile(r'^lock$')
ARM_LOCK = re.compile(r'^(ld(a?xr|axp|xp|add|clr|set|eor|smax|smin|umax|umin)\w*|'
                      r'st(l?xr|lxp|xp)\w*|(cas|swp)\w*)$')
LOCK_CALLS = re.compile(r'^(pthread_\w+|mtx_\w+|cnd_\w+|call_once|sem_\w+|__atomic_\w+|__sync_\w+|'
                        r'futex|omp_\w+|GOMP_\w+)$')
FLOAT_CALLS = re.compile(r'^(__(add|sub|mul|div|neg|fix|float|extend|trunc|cmp|eq|ne|lt|le|gt|'
                         r'ge|unord|powi)\w*(s|d|x|t|h)f\w*|(sqrt|pow|exp|log|sin|cos|floor|ceil|'
                         r'round|trunc|fmod|strto[dfl]|ldexp|frexp)[fl]?|atof)$')
LINE = re.compile(r'^\s+[0-9a-f]+:\s+(.*)$')
FUNCTION = re.compile(r'^[0-9a-f]+ <([^>]+)>:$')
INTEGER_ONLY = re.compile(r'^strto(l|ll)$')


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f'{" ".join(command[:3])} ... failed:\n{done.stderr}')
    return done.stdout


def instructions(path):
    """(function, mnemonic, line) of all code in an object file."""
    function = '?'
    for line in run('objdump', '--disassemble', '--no-show-raw-insn', path).splitlines():
        start = FUNCTION.match(line)
        if start:
            function = start.group(1)
            continue
        text = LINE.match(line)
        if text and text.group(1):
            words = text.group(1).split()
            yield function, words[0], text.group(1)
            # A prefix stands before what it locks; others before what they repeat.
            if words[0] in ('lock', 'rep', 'repz', 'repnz', 'bnd', 'notrack') and len(words) > 1:
                yield function, words[1], text.group(1)


def implicit_lock(text):
    """xchg with memory locks the bus by itself."""
    return re.match(r'xchg[bwlq]?\s.*\(', text) is not None


def findings(path):
    """What an object has that it must not, and how many instructions were read."""
    machine = run('objdump', '--file-headers', path)
    arm = 'aarch64' in machine
    found, count = [], 0
    for function, word, text in instructions(path):
        count += 1
        if (ARM_FLOAT if arm else X86_FLOAT).match(word):
            found.append(f'{function}: floating point: {text}')
        if (ARM_LOCK if arm else X86_LOCK).match(word) or (not arm and implicit_lock(text)):
            found.append(f'{function}: lock: {text}')
    for line in run('nm', '--undefined-only', '--format=posix', path).splitlines():
        symbol = line.split()[0].split('@')[0]
        if LOCK_CALLS.match(symbol):
            found.append(f'calls {symbol}: lock')
        if FLOAT_CALLS.match(symbol) and not INTEGER_ONLY.match(symbol):
            found.append(f'calls {symbol}: floating point')
    return found, count


def plain_object(objects, compiler, folder):
    """With link-time optimisation objects hold no machine code yet: all as one that does."""
    target = os.path.join(folder, 'rooms.o')
    run(*compiler, '-r', '-nostdlib', '-O2', '-flto', '-flinker-output=nolto-rel', *objects, '-o',
        target)
    return [target]


def check(build, rooms, compiler):
    objects = sorted(path for room in rooms
                     for path in glob.glob(f'{build}/libweir.a.p/{room}_*.c.o'))
    for room in rooms:
        if not any(os.path.basename(path).startswith(f'{room}_') for path in objects):
            sys.exit(f'no object of {room}/ below {build}')
    with tempfile.TemporaryDirectory() as folder:
        sections = run('objdump', '--section-headers', objects[0])
        if '.gnu.lto_' in sections:
            objects = plain_object(objects, compiler, folder)
        total, bad = 0, 0
        for path in objects:
            found, count = findings(path)
            total += count
            for what in found:
                print(f'{os.path.basename(path)}: {what}')
                bad += 1
    if total < 10000:
        sys.exit(f'only {total} instructions were read: is this the state machine?')
    print(f'{total} instructions of {len(rooms)} rooms read, {bad} findings')
    return bad > 0


CONTROLS = {  # C text and what must be found in it; None: nothing
    'double f(double a, double b) { return a * b; }': 'floating point',
    'long f(double *a) { return (long)*a; }': 'floating point',
    'double f(long a) { return a; }': 'floating point',
    'int f(const float *a, const float *b) { return *a < *b; }': 'floating point',
    'long double f(long double a) { return a + 1; }': 'floating point',
    'void f(double *a, int n) { for (int i = 0; i < n; i++) a[i] += 0.5; }': 'floating point',
    'double sqrt(double); double f(double a) { return sqrt(a); }': 'floating point',
    '__float128 f(__float128 a, __float128 b) { return a + b; }': 'floating point',
    'void f(int *a) { __atomic_fetch_add(a, 1, __ATOMIC_SEQ_CST); }': 'lock',
    'int f(int *a) { return __atomic_exchange_n(a, 1, __ATOMIC_SEQ_CST); }': 'lock',
    'int pthread_mutex_lock(void *); int f(void *m) { return pthread_mutex_lock(m); }': 'lock',
    'struct s { long a[8]; }; void f(struct s *a, const struct s *b) { *a = *b; }': None,
    'void f(int *a, int n) { for (int i = 0; i < n; i++) a[i] += 3; }': None,
    '__int128 f(__int128 a, __int128 b) { return a / b; }': None,
    'void f(double *a, const double *b) { *a = *b; }': None,
}


def controls(compiler):
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        for text, expected in CONTROLS.items():
            source, target = os.path.join(folder, 'c.c'), os.path.join(folder, 'c.o')
            with open(source, 'w', encoding='utf-8') as file:
                file.write(text + '\n')
            run(*compiler, '-O2', '-fno-lto', '-c', source, '-o', target)
            found, count = findings(target)
            right = count > 0 and (any(expected in what for what in found) if expected else
                                   not found)
            if not right:
                print(f'{text}\n  expected {expected or "nothing"}, found {found or "nothing"}')
                bad += 1
    print(f'{len(CONTROLS)} controls, {bad} wrong')
    return bad > 0


def main():
    arguments, compiler = sys.argv[1:], []
    if '--' in arguments:
        at = arguments.index('--')
        arguments, compiler = arguments[:at], arguments[at + 1:]
    for tool in ('objdump', 'nm'):
        if shutil.which(tool) is None:
            print(f'SKIPPED: no {tool} here: machine code was not read')
            return SKIPPED
    if os.uname().machine not in ('x86_64', 'aarch64'):
        print(f'SKIPPED: the instructions of {os.uname().machine} are not known here')
        return SKIPPED
    if arguments[0] == 'controls':
        return controls(compiler)
    return check(arguments[1], arguments[2:], compiler)


if __name__ == '__main__':
    sys.exit(main())
