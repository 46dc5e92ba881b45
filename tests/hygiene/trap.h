/* A part of a program that may make no system call. */
#ifndef WEIR_TESTS_HYGIENE_TRAP_H
#define WEIR_TESTS_HYGIENE_TRAP_H

#include <stdbool.h>

#define TRAP_CANNOT (-2)
#define TRAP_FAILED (-1)

/* Runs `prepare` in a child process, then `loop` with every system call trapped. Returns 0 when
 * none was made, the number + 1 of the first one, TRAP_FAILED when the child ended otherwise
 * (either function returned false, or a signal), TRAP_CANNOT where the system takes no filter. No
 * rights are needed. */
int trap_calls(bool (*prepare)(void *ctx), bool (*loop)(void *ctx), void *ctx);

#endif
