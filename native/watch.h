// Hearing of deaths: a process that ends, however it ends, has its descriptors closed by the kernel, and
// inotify(7) tells of the close of a file that was open for writing (IN_CLOSE_WRITE), in every pid
// namespace. A participant keeps such a descriptor open for its lifeline. The news only makes sleepers
// look again; what they believe is the lock, which is gone by then or a moment later.
#pragma once

#include <napi.h>

#include "environment.h"

namespace memspan {

// Counts the news. A sleeper says which count it knew when it last looked: nothing can come in between.
uint32_t NewsCount();

// (fd) → a watch (> 0) on the file behind it, or −errno. Counted: as many unwatchFile as watchFile.
Napi::Value WatchFile(const Napi::CallbackInfo& info);
// (watch)
Napi::Value UnwatchFile(const Napi::CallbackInfo& info);
// () → NewsCount()
Napi::Value CountNews(const Napi::CallbackInfo& info);

// Takes back what this environment has asked for.
void EndWatches(Environment* environment);

}  // namespace memspan
