// Writes Hello into shared memory and ends; reads it, later; removes it.
//   hello write|read|remove [NAME]
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "terminal.h"

enum { SIZE = 4096 };

int main(int argc, char** argv) {
  const char* what = argc > 1 ? argv[1] : "read";
  const char* name = argc > 2 ? argv[2] : "/textbook-hello";
  if (strcmp(what, "write") == 0) {
    const int fd = shm_open(name, O_RDWR | O_CREAT, 0666);  // less what the umask takes away
    must(fd >= 0, "shm_open");
    must(ftruncate(fd, SIZE) == 0, "ftruncate");
    char* text = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    must(text != MAP_FAILED, "mmap");
    strcpy(text, "Hello");
  } else if (strcmp(what, "read") == 0) {
    const int fd = shm_open(name, O_RDONLY, 0);
    must(fd >= 0, "shm_open");
    const char* text = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0);
    must(text != MAP_FAILED, "mmap");
    printf("%s\n", text);
  } else if (strcmp(what, "remove") == 0) {
    must(shm_unlink(name) == 0, "shm_unlink");
  }
  return 0;
}
