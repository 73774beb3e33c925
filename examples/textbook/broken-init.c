// Counts its visitors, one at a time. There is a flaw: who comes while another one makes the object may wait for ever.
//   broken-init [PAUSE [NAME…]]
// PAUSE: so many seconds, or "enter", are between the creator's shm_open and its sem_init.
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

#include "visits.h"

static struct visits* open_visits(const char* name, const char* pause) {
  int fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
  const int creator = fd >= 0;
  if (!creator && errno == EEXIST) fd = shm_open(name, O_RDWR, 0);
  must(fd >= 0, "shm_open");
  printf("%s %s\n", creator ? "making" : "opened", name);

  must(ftruncate(fd, sizeof(struct visits)) == 0, "ftruncate");
  struct visits* visits = mmap(NULL, sizeof *visits, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  must(visits != MAP_FAILED, "mmap");
  close(fd);
  if (creator) {
    hold_up(pause);
    must(sem_init(&visits->lock, 1, 1) == 0, "sem_init");
  }
  return visits;
}

int main(int argc, char** argv) {
  const char* pause = argc > 1 ? argv[1] : "0";
  setlinebuf(stdout);
  if (argc < 3) visit(open_visits("/textbook-visits", pause));
  for (int i = 2; i < argc; i++) visit(open_visits(argv[i], pause));
  return 0;
}
