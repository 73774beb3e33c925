// Reading MEMSPAN_WITHOUT; see without.h.

#include "without.h"

#include <cstdlib>
#include <string>

namespace memspan {

bool IsWithout(const char* name) {
  // Read once: getenv and a setenv of another thread do not go together. Never destroyed: threads outlive static destructors.
  static const std::string& list = *[] {
    const char* value = std::getenv("MEMSPAN_WITHOUT");
    return new std::string(value ? "," + std::string(value) + "," : "");
  }();
  return !list.empty() && list.find("," + std::string(name) + ",") != std::string::npos;
}

}  // namespace memspan
