/* A disk in memory that does to the journal what disks do: operations end late, in any order, or
 * never; writes fall short or fail; there is no room for a while; the power goes at any step of any
 * operation, and what was not synced is then there, not there, torn at a byte or there in some
 * sectors. All of it from one random stream. */
#ifndef WEIR_TESTS_DISK_FAKE_H
#define WEIR_TESTS_DISK_FAKE_H

#include "base/base.h"
#include "journal/disk.h"

#define FAKE_FILES 256
#define FAKE_OPEN  8
#define FAKE_SLOTS 64

/* Chances in 1,024 a step; all 0: a disk without faults. */
struct fake_faults {
    uint32_t late, lost, cut_short, error;
    uint64_t crash_at;           /* step at which the machine stops; 0: none */
    uint64_t full_from, full_to; /* steps without room */
};

struct fake_file {
    uint8_t *data, *safe; /* as read, and what surely survives; `room` bytes each */
    uint64_t size, safe_size, room;
    bool used;
    bool retried; /* a write of it fell short or failed: some bytes are written twice */
};
struct fake_name {
    char name[WEIR_DISK_NAME_MAX];
    int file;
};
struct fake_names {
    struct fake_name row[FAKE_FILES];
    uint32_t count;
};
/* A change of the folder that is not yet durable: `from` is gone, `to` is file; empty: neither. */
struct fake_change {
    char from[WEIR_DISK_NAME_MAX], to[WEIR_DISK_NAME_MAX];
    int file;
};
struct fake_write {
    int file;
    uint64_t offset, seq;
    uint32_t size;
    uint8_t *bytes;
};
struct fake_flight {
    bool used, finished, lost;
    struct weir_disk_io io;
    int file;
    uint32_t steps;   /* left */
    uint64_t begun;   /* writes executed when it began */
    uint64_t changes; /* of the folder, likewise */
    int64_t result;
};

struct fake_disk {
    struct weir_disk disk;
    struct fake_faults faults;
    struct weir_random random;
    uint64_t step;
    bool dead;
    struct fake_file files[FAKE_FILES];
    struct fake_names names, safe_names;
    struct fake_change changes[FAKE_FILES];
    uint32_t change_count;
    struct fake_write *writes;
    uint32_t write_count, write_room;
    uint64_t write_seq;
    int open[FAKE_OPEN]; /* file + 1 */
    struct fake_flight flights[FAKE_SLOTS];
    uint8_t *memory;
    uint32_t slots, slot_size;
};

void fake_init(struct fake_disk *d, uint64_t key);
void fake_done(struct fake_disk *d);
/* The program is gone: what it had under way happens or not; the machine goes on. */
void fake_kill(struct fake_disk *d);
/* The machine is gone, and back. */
void fake_power(struct fake_disk *d);
/* Inverts a bit of some file, where something has been written. False when there is no such. */
bool fake_flip(struct fake_disk *d);

#endif
