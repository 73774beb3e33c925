// Up to 64 processes at one thing for a while: a process-shared mutex of glibc that guards two plain words, or an atomic
// addition to one word. Counted is what all of them do together in MS milliseconds, after a tenth of it to warm up.
//
//   cc -std=gnu11 -O2 -march=native -Wall -Wextra -Werror -pthread -o crowd crowd.c
#include "bench.h"

static const char kUse[] = "crowd mutex|add PROCESSES MS CPUS";
enum { kProcessesMax = 64 };

struct own {
  OWN_LINE _Atomic uint64_t count;
};

struct page {
  OWN_LINE pthread_mutex_t mutex;
  OWN_LINE uint64_t guarded;  // how often it was locked, in all
  OWN_LINE _Atomic uint64_t word;
  OWN_LINE _Atomic bool is_over;
  struct own own[kProcessesMax];
};

static pid_t pids[kProcessesMax];
static size_t started;

static _Noreturn void end_all(const char* why) {
  for (size_t i = 0; i < started; i++) kill(pids[i], SIGKILL);
  fail(why);
}

static void on_alarm(int sig) {
  (void)sig;
  end_all("not done after 60 seconds");
}

static void work(struct page* page, struct own* own, bool locks) {
  for (uint64_t count = 1; !page->is_over; count++) {
    if (locks) {
      if (pthread_mutex_lock(&page->mutex)) fail("cannot lock");
      page->guarded++;
      if (pthread_mutex_unlock(&page->mutex)) fail("cannot unlock");
    } else {
      atomic_fetch_add(&page->word, 1);
    }
    atomic_store_explicit(&own->count, count, memory_order_relaxed);
  }
}

static uint64_t all(struct page* page) {
  uint64_t sum = 0;
  for (size_t i = 0; i < started; i++) sum += page->own[i].count;
  return sum;
}

static void rest(uint64_t ms) {
  const struct timespec time = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
  nanosleep(&time, NULL);
}

int main(int argc, char** argv) {
  if (argc != 5) usage(kUse);
  const bool locks = !strcmp(argv[1], "mutex");
  if (!locks && strcmp(argv[1], "add") != 0) usage(kUse);
  const size_t processes = (size_t)number(argv[2], 1, kProcessesMax, kUse);
  const uint64_t ms = number(argv[3], 1, 60000, kUse);
  const int cpus = (int)number(argv[4], 1, 4096, kUse);

  struct page* page = shared(sizeof *page);
  pthread_mutexattr_t kind;
  if (pthread_mutexattr_init(&kind) ||
      pthread_mutexattr_setpshared(&kind, PTHREAD_PROCESS_SHARED) ||
      pthread_mutex_init(&page->mutex, &kind)) {
    fail("cannot make the mutex");
  }
  signal(SIGALRM, on_alarm);
  alarm(60);
  for (; started < processes; started++) {
    const pid_t pid = fork();
    if (pid < 0) end_all("cannot fork");
    if (pid == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      signal(SIGALRM, SIG_DFL);
      pin((int)started % cpus);
      work(page, &page->own[started], locks);
      _exit(0);
    }
    pids[started] = pid;
  }
  for (size_t i = 0; i < processes; i++) {
    while (!page->own[i].count) rest(1);
  }
  rest(ms / 10);
  const uint64_t before = all(page), start = now_ns();
  // Whoever has the mutex may have lost its processor for all of that time.
  do rest(ms);
  while (all(page) == before);
  const uint64_t done = all(page) - before, ns = now_ns() - start;
  page->is_over = true;
  for (size_t i = 0; i < processes; i++) {
    int status = 1;
    while (waitpid(pids[i], &status, 0) < 0 && errno == EINTR) continue;
    if (status) fail("a process failed");
  }
  if (all(page) != (locks ? page->guarded : page->word)) fail("an addition is lost");
  printf("{\"name\":\"crowd %s\",\"n\":%llu,\"ns\":%llu,\"nsPerOp\":%.3f,\"perSecond\":%.0f}\n",
         argv[1], (unsigned long long)done, (unsigned long long)ns, (double)ns / (double)done,
         (double)done * 1e9 / (double)ns);
  return 0;
}
