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
