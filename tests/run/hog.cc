// Takes memory a MiB at a time, as many as it is told, and then says so.
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <sys/mman.h>

int main(int argc, char** argv) {
  constexpr std::size_t kMiB = std::size_t{1} << 20;
  const long count = argc > 1 ? std::strtol(argv[1], nullptr, 10) : 0;
  for (long i = 0; i < count; ++i) {
    void* const memory =
        ::mmap(nullptr, kMiB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return 1;
    std::memset(memory, 1, kMiB);
  }
  std::puts("took it all");
  return 0;
}
