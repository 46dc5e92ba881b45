"""Plants a fault in a source file of journal/: plant.py NAME ROOM OUTPUT

Each fault is one that a durable log must not have. weir_journal_sim built with it must fail within
the number of runs that stands beside it (test_faults.py)."""

import os
import sys

# name: (file, what it says, what it says with the fault, runs within which it is found)
FAULTS = {
    'no-sync': ('write.c', '.steps = WEIR_DISK_WRITE | WEIR_DISK_SYNC,',
                '.steps = WEIR_DISK_WRITE,', 20),
    'write-ignored': ('write.c', 'if (result == (int64_t)asked) {', 'if (result != 1) {', 100),
    'out-of-order': ('write.c', 'if (b->state != BATCH_WRITTEN) return;',
                     'if (b->state == BATCH_CUT) return;', 20),
    'name-not-durable': ('write.c', 'j->stage >= STAGE_HEADER) return;',
                         'j->stage > STAGE_DIRECTORY) return;', 100),
    'short-is-whole': ('write.c', 'b->done += moved;', 'b->done += asked; moved = asked;', 300),
    'checksum-not-verified': ('read.c', 'if (!weir_log_verify(record, size, r->number, r->chain, '
                              'text, sizeof text))',
                              'if (0 * snprintf(text, sizeof text, "x") != 0)', 500),
    'tail-trusted': ('read.c', 'if (!last(r) || !torn) return damaged(r, offset, "%s", why);',
                     '(void)torn;', 1000),
    'kept-without-sync': ('journal.c', 'int error = j->disk->ops->sync(j->disk, reader->file);',
                          'int error = reader->file < 0;', 1000),
    'renamed-too-soon': ('journal.c', 'if (j->acked < j->begins) return;', ';', 500),
    'folder-not-synced': ('journal.c', 'start(j, WEIR_DISK_SYNC, WEIR_DISK_DIRECTORY, 0, 0);',
                          'weir_journal_advanced(j, 0);', 500),
}


def plant(name, text):
    _, there, fault, _ = FAULTS[name]
    if text.count(there) != 1:
        sys.exit(f'plant.py: {name}: `{there}` stands {text.count(there)} times in the file')
    return text.replace(there, fault)


def main(name, room, output):
    path = os.path.join(room, FAULTS[name][0])
    with open(path, encoding='utf-8') as file:
        text = plant(name, file.read())
    with open(output, 'w', encoding='utf-8') as file:
        file.write(f'#line 1 "{path}"\n' + text)


if __name__ == '__main__':
    main(*sys.argv[1:])
