// Fills the text of reader-writer with a, then with b and so on, without end: Ctrl-C.
//   tearing [NAME]
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "terminal.h"
#include "text.h"

int main(int argc, char** argv) {
  const int fd = shm_open(argc > 1 ? argv[1] : "/textbook-text", O_RDWR | O_CREAT, 0600);
  must(fd >= 0, "shm_open");
  must(ftruncate(fd, sizeof(struct text)) == 0, "ftruncate");
  struct text* shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  must(shared != MAP_FAILED, "mmap");
  close(fd);

  printf("writing; Ctrl-C ends it\n");
  fflush(stdout);
  // volatile: or the compiler might leave out what the next letter writes over.
  volatile char* text = shared->text;
  for (;;) {
    for (char letter = 'a'; letter <= 'z'; letter++) {
      for (size_t i = 0; i < sizeof shared->text - 1; i++) text[i] = letter;
    }
  }
}
