/* A snapshot made by a process of its own, which sees the state as it was when it began. */
#include "journal/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* What it tells through a pipe; fits into one write that is not torn. */
struct report {
    int error;
    struct weir_snapshot_facts facts;
    struct weir_file_error problem;
};
_Static_assert(sizeof(struct report) <= 4096, "PIPE_BUF");

static void make(const char *folder, struct weir_engine *engine, const struct weir_venue *venue,
                 const struct weir_engine_options *options, uint64_t identity,
                 struct report *report) {
    struct weir_disk_options plain = {.write = true, .plain = true};
    struct weir_disk *disk = weir_disk_new(folder, &plain, &report->problem);
    report->error = disk ? weir_snapshot_write(disk, engine, venue, options, identity,
                                               &report->facts, &report->problem)
                         : -EIO;
    if (disk) disk->ops->free(disk);
}

int weir_snapshot_fork(const char *folder, struct weir_engine *engine,
                       const struct weir_venue *venue, const struct weir_engine_options *options,
                       uint64_t identity, int *report) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return -errno;
    pid_t parent = getpid(), process = fork();
    if (process < 0) {
        int error = -errno;
        close(ends[0]);
        close(ends[1]);
        return error;
    }
    if (process > 0) {
        close(ends[1]);
        *report = ends[0];
        return process;
    }
    /* An interrupt from the terminal is for the other one, with whom this one ends. */
    signal(SIGINT, SIG_IGN);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    static struct report made;
    make(folder, engine, venue, options, identity, &made);
    ssize_t told = write(ends[1], &made, sizeof made);
    _exit(told == (ssize_t)sizeof made && made.error == 0 ? 0 : 1);
}

int weir_snapshot_poll(int process, int report, bool wait, struct weir_snapshot_facts *facts,
                       struct weir_file_error *problem) {
    int status = 0;
    static struct report told;
    pid_t ended;
    do
        ended = waitpid(process, &status, wait ? 0 : WNOHANG);
    while (ended < 0 && errno == EINTR);
    if (ended == 0) return 0;
    ssize_t size = read(report, &told, sizeof told);
    close(report);
    if (size != (ssize_t)sizeof told) {
        if (WIFSIGNALED(status))
            snprintf(problem->text, sizeof problem->text,
                     "the process that made a snapshot was ended by signal %d", WTERMSIG(status));
        else
            snprintf(problem->text, sizeof problem->text,
                     "the process that made a snapshot ended without a word");
        return -1;
    }
    if (told.error != 0) {
        *problem = told.problem;
        return -1;
    }
    *facts = told.facts;
    return 1;
}
