// The object of reader-writer and tearing. The counter came later: it is behind the rest, so the rest stayed where it was.
#pragma once
#include <stdint.h>

struct text {
  int32_t version;
  char text[1020];
  _Atomic int32_t counter;
};
