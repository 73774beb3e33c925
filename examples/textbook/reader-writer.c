// A text in shared memory, for as many terminals as you like.
//   reader-writer [NAME] [read-only] [1M]
//   r reads, w TEXT writes, i NUM and d NUM count up and down, t OFFSET touches a byte of the mapping, q ends
// read-only maps it with PROT_READ, 1M maps 1 MiB, of which the object is only the beginning.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "terminal.h"
#include "text.h"

int main(int argc, char** argv) {
  const char* name = "/textbook-text";
  size_t length = sizeof(struct text);
  int read_only = 0;
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "read-only") == 0)
      read_only = 1;
    else if (strcmp(argv[i], "1M") == 0)
      length = 1 << 20;
    else
      name = argv[i];
  }

  const int fd = shm_open(name, read_only ? O_RDONLY : O_RDWR | O_CREAT, 0600);
  must(fd >= 0, "shm_open");
  if (!read_only) must(ftruncate(fd, sizeof(struct text)) == 0, "ftruncate");
  const int protection = read_only ? PROT_READ : PROT_READ | PROT_WRITE;
  struct text* shared = mmap(NULL, length, protection, MAP_SHARED, fd, 0);
  must(shared != MAP_FAILED, "mmap");
  close(fd);
  printf("%zu bytes at %p\n", length, (void*)shared);

  char letter, *rest;
  while ((letter = command(&rest)) != 'q') {
    if (letter == 'r') {
      printf("version %d, counter %d: %s\n", shared->version, shared->counter, shared->text);
    } else if (letter == 'w') {
      strncpy(shared->text, rest, sizeof shared->text - 1);
      shared->version++;
    } else if (letter == 'i') {
      shared->counter += atoi(rest);  // one atomic step: the counter is _Atomic
    } else if (letter == 'd') {
      shared->counter -= atoi(rest);
    } else if (letter == 't') {
      printf("%d\n", ((volatile unsigned char*)shared)[atol(rest)]);
    } else {
      printf("r, w TEXT, i NUM, d NUM, t OFFSET, q\n");
    }
  }
  munmap(shared, length);
  return 0;
}
