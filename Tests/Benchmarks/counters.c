// Preloaded into the gateway by Tests/Benchmarks/run.
//
// COUNTERS=FILE        counts the request path's allocations in the file's first eight bytes, mapped, so that whoever
//                      measures reads them there at any moment.
// COUNTERS_STACKS=FILE writes the callers of each allocation there while the second word is not zero.
// COUNTERS_DUMP=FIFO   under callgrind, begins to count when somebody opens it, and writes a profile for each byte.
#define _GNU_SOURCE
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>
#include <valgrind/callgrind.h>

static _Atomic uint64_t before_start[2];
static _Atomic uint64_t *_Atomic counters = before_start;
static int stacks = -1;
static _Thread_local int inside;

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static void count(size_t size) {
    _Atomic uint64_t *words = atomic_load_explicit(&counters, memory_order_relaxed);
    if (words == before_start) return;
    // Only threads that work for requests: the others' rounds come by the clock, so that slow machines see more of them.
    char thread[16] = "";
    prctl(PR_GET_NAME, thread);
    if (strncmp(thread, "worker ", 7) != 0 && strcmp(thread, "log") != 0) return;
    atomic_fetch_add_explicit(&words[0], 1, memory_order_relaxed);
    if (stacks < 0 || inside || !atomic_load_explicit(&words[1], memory_order_relaxed)) return;
    inside = 1;
    void *frames[24];
    int depth = backtrace(frames, 24);
    dprintf(stacks, "%zu bytes in %s\n", size, thread);
    backtrace_symbols_fd(frames + 1, depth - 1, stacks);
    inside = 0;
}

void *malloc(size_t size) { count(size); return __libc_malloc(size); }
void *calloc(size_t number, size_t size) { count(number * size); return __libc_calloc(number, size); }
void *realloc(void *old, size_t size) { count(size); return __libc_realloc(old, size); }
void *memalign(size_t alignment, size_t size) { count(size); return __libc_memalign(alignment, size); }
void *aligned_alloc(size_t alignment, size_t size) { count(size); return __libc_memalign(alignment, size); }
int posix_memalign(void **place, size_t alignment, size_t size) {
    count(size);
    *place = __libc_memalign(alignment, size);
    return *place ? 0 : 12;
}

static void *dump(void *path) {
    int fifo = open(path, O_RDONLY | O_CLOEXEC);
    char byte;
    ssize_t got;
    CALLGRIND_START_INSTRUMENTATION;
    while ((got = read(fifo, &byte, 1)) == 1 || (got < 0 && errno == EINTR))
        if (got == 1) CALLGRIND_DUMP_STATS;
    return NULL;
}

__attribute__((constructor)) static void start(void) {
    const char *path = getenv("COUNTERS");
    int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (file >= 0) {
        void *page = mmap(NULL, 16, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        close(file);
        if (page != MAP_FAILED) counters = page;
    }
    const char *log = getenv("COUNTERS_STACKS");
    if (log) {
        void *frame[1];
        backtrace(frame, 1); // loads what it needs now
        stacks = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    }
    char *fifo = getenv("COUNTERS_DUMP");
    pthread_t thread;
    if (fifo && RUNNING_ON_VALGRIND) pthread_create(&thread, NULL, dump, fifo);
}
