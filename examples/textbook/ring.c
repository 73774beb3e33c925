// A ring buffer: at most CAPACITY items are on their way.
//   ring [NAME]
//   p TEXT puts an item, and waits while the ring is full; g gets the oldest, and waits while it is empty; q ends
//
// Every member is valid when it is zero, and sem_open makes and initialises in one step: whoever comes first, it is ready.
#include <fcntl.h>
#include <semaphore.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "terminal.h"

// A slot more than items, or the indices of a full ring would be those of an empty one.
enum { CAPACITY = 4, SLOTS = CAPACITY + 1, ITEM = 256 };

struct ring {
  uint32_t in, out;  // the slots of the next put and the next get
  char items[SLOTS][ITEM];
};

static sem_t* semaphore(const char* name, const char* what, unsigned value) {
  char full_name[256];
  snprintf(full_name, sizeof full_name, "%s-%s", name, what);
  sem_t* opened = sem_open(full_name, O_CREAT, 0600, value);
  must(opened != SEM_FAILED, "sem_open");
  return opened;
}

int main(int argc, char** argv) {
  const char* name = argc > 1 ? argv[1] : "/textbook-ring";
  const int fd = shm_open(name, O_RDWR | O_CREAT, 0600);
  must(fd >= 0, "shm_open");
  must(ftruncate(fd, sizeof(struct ring)) == 0, "ftruncate");
  struct ring* ring = mmap(NULL, sizeof *ring, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  must(ring != MAP_FAILED, "mmap");
  close(fd);
  sem_t* room = semaphore(name, "room", CAPACITY);
  sem_t* items = semaphore(name, "items", 0);
  sem_t* turn = semaphore(name, "turn", 1);  // who may change the ring: several put, several get

  char letter, *rest;
  while ((letter = command(&rest)) != 'q') {
    if (letter == 'p') {
      must(sem_wait(room) == 0, "sem_wait");
      must(sem_wait(turn) == 0, "sem_wait");
      strncpy(ring->items[ring->in], rest, ITEM - 1);
      ring->in = (ring->in + 1) % SLOTS;
      sem_post(turn);
      sem_post(items);
    } else if (letter == 'g') {
      must(sem_wait(items) == 0, "sem_wait");
      must(sem_wait(turn) == 0, "sem_wait");
      printf("%s\n", ring->items[ring->out]);
      ring->out = (ring->out + 1) % SLOTS;
      sem_post(turn);
      sem_post(room);
    } else {
      printf("p TEXT, g, q\n");
    }
  }
  return 0;
}
