// A "firmware": reads sensors at a fixed rate and puts the samples into a ring in shared memory. All its memory is there
// before it begins. It waits for nobody: what finds no room is lost, and counted.
//   firmware RATE HANG PARENT     RATE in Hz; after HANG samples it hangs, as firmware does (0: it does not); it ends with PARENT
// Descriptor 3 is the shared memory. telemetry.h is generated from telemetry.ts.
#include <limits.h>
#include <linux/futex.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "telemetry.h"

enum { SHARED_FD = 3, SECOND = 1000000000 };

static const float means[SENSORS] = {21.5f, 1013.0f, 4.2f, 0.0f};
static const float swings[SENSORS] = {0.5f, 3.0f, 1.0f, 0.2f};

// Stands for the hardware: a wave with noise.
static float read_sensor(uint32_t sensor, double time) {
  static uint32_t noise = 1;
  noise = noise * 1664525u + 1013904223u;
  const float jitter = (float)(noise >> 8) / (1 << 24) - 0.5f;
  return means[sensor] + swings[sensor] * (sinf((float)fmod(time, 60.0) + (float)sensor) + jitter);
}

static void put(Telemetry* shared, uint32_t sensor, double time) {
  // Written by us alone. A firmware before us may have been killed anywhere: it goes on where that one has stopped.
  const uint32_t written = (uint32_t)__atomic_load_n(&shared->written, __ATOMIC_RELAXED);
  const uint32_t lost = __atomic_load_n(&shared->lost, __ATOMIC_RELAXED);
  const uint32_t taken = (uint32_t)__atomic_load_n(&shared->read, __ATOMIC_ACQUIRE);
  if (written - taken >= SLOTS) {
    __atomic_store_n(&shared->lost, lost + 1, __ATOMIC_RELAXED);
    return;
  }
  Telemetry_samples* slot = &shared->samples[written % SLOTS];
  slot->number = written + lost;
  slot->sensor = sensor;
  slot->time = time;
  slot->value = read_sensor(sensor, time);
  slot->check = 0;
  uint32_t words[sizeof *slot / 4];
  memcpy(words, slot, sizeof words);
  uint32_t check = 0;
  for (size_t i = 0; i < sizeof words / 4; i++) check ^= words[i];
  slot->check = check;
  // The sample is complete before it counts.
  __atomic_store_n(&shared->written, (int32_t)(written + 1), __ATOMIC_RELEASE);
}

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const long rate = atol(argv[1]);
  const uint32_t hang = (uint32_t)atol(argv[2]);
  const pid_t parent = (pid_t)atol(argv[3]);
  // It may have ended already.
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent) return 4;
  Telemetry* shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, SHARED_FD, 0);
  if (shared == MAP_FAILED || memcmp(shared->header.magic, MAGIC, sizeof MAGIC) != 0 ||
      shared->header.version != VERSION || shared->header.size != sizeof *shared) {
    return 3;
  }

  struct timespec next;
  clock_gettime(CLOCK_MONOTONIC, &next);
  while (__atomic_load_n(&shared->stop, __ATOMIC_RELAXED) == 0) {
    if (hang != 0 && (uint32_t)__atomic_load_n(&shared->written, __ATOMIC_RELAXED) >= hang) {
      for (;;) pause();
    }
    __atomic_fetch_add(&shared->watchdog, 1, __ATOMIC_RELAXED);
    for (uint32_t sensor = 0; sensor < SENSORS; sensor++) {
      put(shared, sensor, (double)next.tv_sec + (double)next.tv_nsec / SECOND);
    }
    // memspan's wait sleeps on a futex that is not private.
    syscall(SYS_futex, &shared->written, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
    next.tv_nsec += SECOND / rate;
    if (next.tv_nsec >= SECOND) {
      next.tv_nsec -= SECOND;
      next.tv_sec++;
    }
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
  }
  return 0;
}
