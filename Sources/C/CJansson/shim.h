#pragma once
#include <jansson.h>

/* Swift sees the enumeration of this name and therefore not the function. */
static inline int postern_json_error_code(const json_error_t *error) { return (int)json_error_code(error); }
