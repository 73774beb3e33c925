// The object of broken-init and repaired-init, what is done with it, and the pause in which things go wrong.
#pragma once
#include <semaphore.h>
#include <stdint.h>
#include <unistd.h>

#include "terminal.h"

struct visits {
  sem_t lock;
  int32_t count;
};

static inline void visit(struct visits* visits) {
  must(sem_wait(&visits->lock) == 0, "sem_wait");
  printf("visit %d\n", ++visits->count);
  must(sem_post(&visits->lock) == 0, "sem_post");
}

// So many seconds; or until Enter, if it is "enter".
static inline void hold_up(const char* pause) {
  fflush(stdout);
  if (strcmp(pause, "enter") == 0)
    getchar();
  else
    sleep((unsigned)atoi(pause));
}
