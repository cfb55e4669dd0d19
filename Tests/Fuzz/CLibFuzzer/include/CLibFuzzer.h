#ifndef POSTERN_CLIBFUZZER_H
#define POSTERN_CLIBFUZZER_H

#include <stddef.h>
#include <stdint.h>

/* libFuzzer as a library (clang's libclang_rt.fuzzer_no_main): runs until its options say otherwise. */
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*callback)(const uint8_t *data, size_t size));

#endif
