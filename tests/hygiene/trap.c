#include "tests/hygiene/trap.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DONE, TRAPPED, NO_FILTER, UNPREPARED, FALSE };

static volatile int *first_call; /* shared with the parent: the number + 1 */

static void on_trap(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)context;
    *first_call = info->si_syscall + 1;
    _exit(TRAPPED);
}

/* All calls but the one that ends the process raise SIGSYS, once the filter is in. */
static bool close_trap(void) {
    struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO};
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
    };
    struct sock_fprog program = {.len = sizeof filter / sizeof filter[0], .filter = filter};
    return sigaction(SIGSYS, &action, NULL) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

int trap_calls(bool (*prepare)(void *ctx), bool (*loop)(void *ctx), void *ctx) {
    void *shared =
        mmap(NULL, sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) return TRAP_FAILED;
    first_call = shared;
    *first_call = 0;
    (void)fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        if (!prepare(ctx)) _exit(UNPREPARED);
        if (!close_trap()) _exit(NO_FILTER);
        _exit(loop(ctx) ? DONE : FALSE);
    }
    int status = 0;
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    int call = *first_call;
    munmap(shared, sizeof(int));
    if (child < 0 || !WIFEXITED(status)) return TRAP_FAILED;
    switch (WEXITSTATUS(status)) {
    case DONE:
        return 0;
    case TRAPPED:
        return call;
    case NO_FILTER:
        return TRAP_CANNOT;
    default:
        return TRAP_FAILED;
    }
}
