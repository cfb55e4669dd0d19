#pragma once
// What Swift cannot see in glibc: epoll, and calls that hide behind _GNU_SOURCE or take variable arguments.
// _GNU_SOURCE itself stays out of this header: fd_set would then differ between C modules.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>

/// accept4 with SOCK_NONBLOCK and SOCK_CLOEXEC.
int postern_accept(int listener, struct sockaddr_storage *peer, socklen_t *length);
/// openat2 with RESOLVE_BENEATH and RESOLVE_NO_MAGICLINKS; O_CLOEXEC is added.
int postern_open_beneath(int directory, const char *path, uint64_t flags);
/// PR_SET_DUMPABLE 0: no core file, no ptrace and no readable /proc entries for the same user.
int postern_forbid_dumps(void);
/// Starts a program with standard input, output and error, `descriptors` as 3, 4, 5 …, and no others; no signal is blocked
/// or ignored in it. Answers 0 and its id in `child`, or an error number.
int postern_spawn(const char *program, char *const arguments[], char *const environment[], const int *descriptors,
                  int count, int32_t *child);
/// The path by which the system was asked to run this program (AT_EXECFN); null where nobody knows.
const char *postern_program(void);
