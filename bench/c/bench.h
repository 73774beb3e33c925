// What the C benchmarks share: the clock, the arguments, shared memory, the child and its end, the
// one line of JSON. It measures nothing itself.
#ifndef MEMSPAN_BENCH_H_
#define MEMSPAN_BENCH_H_

#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define OWN_LINE _Alignas(128)  // two 64-byte lines: the adjacent-line prefetcher fetches pairs

static volatile pid_t child_pid;  // 0 in the child, and in the parent while there is none

static inline uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static inline void cpu_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb" ::: "memory");
#endif
}

// Ends this process and, from the parent, the child too: safe inside a signal handler.
static inline _Noreturn void fail(const char* why) {
  signal(SIGCHLD, SIG_DFL);  // its end is now our doing
  if (child_pid > 0) {
    kill(child_pid, SIGKILL);
    waitpid(child_pid, NULL, 0);
  }
  (void)!write(2, why, strlen(why));
  (void)!write(2, "\n", 1);
  _exit(1);
}

static inline _Noreturn void usage(const char* text) {
  fprintf(stderr, "usage: %s\n", text);
  exit(2);
}

static inline uint64_t number(const char* text, uint64_t min, uint64_t max, const char* use) {
  char* end;
  errno = 0;
  uint64_t value = strtoull(text, &end, 10);
  if (errno || *text < '0' || *text > '9' || *end || value < min || value > max) usage(use);
  return value;
}

// Takes `--name value` out of argv; NULL if it is not there.
static inline const char* option(int* argc, char** argv, const char* name, const char* use) {
  for (int i = 1; i < *argc; i++) {
    if (strcmp(argv[i], name) != 0) continue;
    if (i + 1 >= *argc) usage(use);
    const char* value = argv[i + 1];
    memmove(argv + i, argv + i + 2, (size_t)(*argc - i - 1) * sizeof *argv);
    *argc -= 2;
    return value;
  }
  return NULL;
}

// `--cpus A,B`: where the parent and the child run; -1 is anywhere.
static inline void cpus_option(int* argc, char** argv, int cpu[2], const char* use) {
  const char* text = option(argc, argv, "--cpus", use);
  char rest;
  cpu[0] = cpu[1] = -1;
  if (!text) return;
  const int read = sscanf(text, "%d,%d%c", &cpu[0], &cpu[1], &rest);
  if (read != 2 || cpu[0] < 0 || cpu[1] < 0) usage(use);
}

static inline void pin(int cpu) {
  if (cpu < 0) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET((unsigned)cpu, &set);
  if (sched_setaffinity(0, sizeof set, &set)) fail("cannot pin to that cpu");
}

static inline void* shared(size_t size) {
  void* p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) fail("cannot map shared memory");
  return p;
}

static inline void on_signal(int sig) {
  siginfo_t end = {0};
  if (sig == SIGALRM) fail("not done after 60 seconds");
  if (sig != SIGCHLD) fail("interrupted");
  // Only looks: a child that ended well is left for finish() to reap.
  waitid(P_PID, (id_t)child_pid, &end, WEXITED | WNOHANG | WNOWAIT);
  if (end.si_pid && (end.si_code != CLD_EXITED || end.si_status)) fail("the child failed");
}

// Forks. The child lives no longer than its parent, and neither lives longer than 60 seconds.
static inline bool start_child(const int cpu[2]) {
  const int ends[] = {SIGALRM, SIGCHLD, SIGINT, SIGTERM, SIGHUP};
  const pid_t parent = getpid();
  struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
  sigset_t none;
  sigemptyset(&none);
  sigfillset(&action.sa_mask);
  sigprocmask(SIG_BLOCK, &action.sa_mask, NULL);
  child_pid = fork();
  if (child_pid < 0) fail("cannot fork");
  if (child_pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
  } else {
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) sigaction(ends[i], &action, NULL);
    alarm(60);
  }
  sigprocmask(SIG_SETMASK, &none, NULL);
  pin(cpu[child_pid == 0]);
  return child_pid == 0;
}

// One more process beside the caller, which reaps it.
static inline pid_t another(void) {
  const pid_t pid = fork();
  if (pid < 0) fail("cannot fork");
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    child_pid = 0;
  }
  return pid;
}

static inline void reap(pid_t pid) {
  int status = 1;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
  if (status) fail("a process failed");
}

// Reaps the child, if there is one, then prints the one line of JSON. `bytes` is 0 where MB/s mean nothing; `busier`, the
// share of the side that did more, is 0 where both do the same.
static inline int finish(const char* name, uint64_t n, uint64_t ns, uint64_t bytes, double busier) {
  const double each = (double)ns / (double)n;
  int status = child_pid > 0;
  while (child_pid > 0 && waitpid(child_pid, &status, 0) < 0 && errno == EINTR) continue;
  child_pid = 0;
  if (status) fail("the child failed");
  printf("{\"name\":\"%s\",\"n\":%llu,\"ns\":%llu,\"nsPerOp\":%.3f,\"perSecond\":%.0f", name,
         (unsigned long long)n, (unsigned long long)ns, each, 1e9 / each);
  if (bytes) printf(",\"mbPerSecond\":%.1f", (double)bytes * 1e3 / (double)ns);
  if (busier > 0) printf(",\"busier\":%.3f", busier);
  if (puts("}") < 0 || fflush(stdout)) fail("cannot write the result");
  return 0;
}

#endif  // MEMSPAN_BENCH_H_
