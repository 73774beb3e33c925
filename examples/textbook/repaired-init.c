// broken-init without its flaw: the object gets its name when it is ready.
//   repaired-init [PAUSE [NAME…]]
// PAUSE: so many seconds, or "enter", are between the creator's shm_open and its sem_init.
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

#include "visits.h"

static struct visits* map(int fd) {
  struct visits* visits = mmap(NULL, sizeof *visits, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  must(visits != MAP_FAILED, "mmap");
  close(fd);
  return visits;
}

// Gives the object of the name `draft` the name `name`, which nobody may have; 0 if somebody has it.
static int publish(const char* draft, const char* name) {
  char from[300], to[300];
  snprintf(from, sizeof from, "/dev/shm%s", draft);
  snprintf(to, sizeof to, "/dev/shm%s", name);
  const int published = link(from, to) == 0;
  must(published || errno == EEXIST, "link");
  return published;
}

static struct visits* open_visits(const char* name, const char* pause) {
  for (;;) {
    int fd = shm_open(name, O_RDWR, 0);
    if (fd >= 0) {
      printf("opened %s\n", name);
      return map(fd);
    }
    must(errno == ENOENT, "shm_open");

    char draft[256];
    snprintf(draft, sizeof draft, "%s.%d", name, getpid());
    fd = shm_open(draft, O_RDWR | O_CREAT | O_EXCL, 0600);
    must(fd >= 0, "shm_open");
    printf("making %s\n", name);
    must(ftruncate(fd, sizeof(struct visits)) == 0, "ftruncate");
    struct visits* visits = map(fd);
    hold_up(pause);
    must(sem_init(&visits->lock, 1, 1) == 0, "sem_init");

    const int published = publish(draft, name);
    shm_unlink(draft);
    if (published) return visits;
    munmap(visits, sizeof *visits);  // another one was first: open that
  }
}

int main(int argc, char** argv) {
  const char* pause = argc > 1 ? argv[1] : "0";
  setlinebuf(stdout);
  if (argc < 3) visit(open_visits("/textbook-visits", pause));
  for (int i = 2; i < argc; i++) visit(open_visits(argv[i], pause));
  return 0;
}
