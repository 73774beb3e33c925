// What the C programs have in common: a prompt, commands of one letter, and giving up when the system refuses.
#pragma once
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Says what failed, and why, and ends the program.
static inline void must(int succeeded, const char* what) {
  if (succeeded) return;
  perror(what);
  exit(1);
}

// Asks for a line with "> " and returns its first letter; `rest` is what stands behind the letter and its space. At the end
// of the input it is q.
static inline char command(char** rest) {
  static char* line = NULL;
  static size_t room = 0;
  printf("> ");
  fflush(stdout);
  const ssize_t length = getline(&line, &room, stdin);
  if (length < 0) return 'q';
  if (length > 0 && line[length - 1] == '\n') line[length - 1] = '\0';
  *rest = strlen(line) > 2 ? line + 2 : "";
  return line[0];
}
