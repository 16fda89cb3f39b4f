#include "io/ranks.h"

#include <climits>
#include <cstdlib>
#include <utility>

#include <dlfcn.h>

namespace oomkit {
namespace {

constexpr const char* kLibrary = "libmpi.so.40";
constexpr int kSuccess = 0;  // MPI_SUCCESS

template <class Function>
bool find_symbol(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

}  // namespace

// mpi.h, as far as it is used.
struct Ranks::Library {
  int (*init)(int*, char***) = nullptr;
  int (*finalize)() = nullptr;
  int (*comm_rank)(void*, int*) = nullptr;
  int (*comm_size)(void*, int*) = nullptr;
  int (*gather)(const void*, int, void*, void*, int, void*, int, void*) = nullptr;
  int (*gatherv)(const void*, int, void*, void*, const int*, const int*, void*, int,
                 void*) = nullptr;
  void* world = nullptr;
  void* byte = nullptr;
  void* integer = nullptr;

  bool load() {
    void* library = dlopen(kLibrary, RTLD_NOW | RTLD_GLOBAL);
    return library != nullptr && find_symbol(library, "MPI_Init", init) &&
           find_symbol(library, "MPI_Finalize", finalize) &&
           find_symbol(library, "MPI_Comm_rank", comm_rank) &&
           find_symbol(library, "MPI_Comm_size", comm_size) &&
           find_symbol(library, "MPI_Gather", gather) &&
           find_symbol(library, "MPI_Gatherv", gatherv) &&
           find_symbol(library, "ompi_mpi_comm_world", world) &&
           find_symbol(library, "ompi_mpi_byte", byte) &&
           find_symbol(library, "ompi_mpi_int", integer);
  }
};

Result<std::optional<Ranks>> Ranks::join() {
  if (std::getenv("OMPI_COMM_WORLD_SIZE") == nullptr) return std::optional<Ranks>();
  static Library library;
  if (!library.load())
    return fail(ErrorCode::unsupported,
                std::string("mpirun has started this, but ") + kLibrary +
                    " cannot be loaded here: install Open MPI (Debian: libopenmpi3)");
  if (library.init(nullptr, nullptr) != kSuccess)
    return fail(ErrorCode::unsupported, "MPI_Init() fails");
  Ranks ranks(&library);
  if (library.comm_rank(library.world, &ranks.rank_) != kSuccess ||
      library.comm_size(library.world, &ranks.size_) != kSuccess)
    return fail(ErrorCode::unsupported, "MPI does not tell the ranks");
  return std::optional<Ranks>(std::move(ranks));
}

Ranks::Ranks(Ranks&& other) noexcept
    : library_(std::exchange(other.library_, nullptr)), rank_(other.rank_), size_(other.size_) {}

Ranks::~Ranks() {
  if (library_ != nullptr) library_->finalize();
}

Result<std::vector<std::string>> Ranks::gather(std::string_view bytes) {
  const auto failed = [] { return fail(ErrorCode::io, "MPI cannot gather the results"); };
  const int own = bytes.size() > INT_MAX ? -1 : static_cast<int>(bytes.size());
  std::vector<int> sizes(static_cast<std::size_t>(size_));
  const Library& mpi = *library_;
  if (mpi.gather(&own, 1, mpi.integer, sizes.data(), 1, mpi.integer, 0, mpi.world) != kSuccess)
    return failed();
  std::vector<int> places;
  std::size_t all = 0;
  for (const int size : sizes) {
    if (size < 0 || all > INT_MAX)
      return fail(ErrorCode::unsupported, "more than 2 GiB of results");
    places.push_back(static_cast<int>(all));
    all += static_cast<std::size_t>(size);
  }
  std::string gathered(all, '\0');
  if (mpi.gatherv(bytes.data(), own, mpi.byte, gathered.data(), sizes.data(), places.data(),
                  mpi.byte, 0, mpi.world) != kSuccess)
    return failed();
  std::vector<std::string> parts;
  for (std::size_t i = 0; rank_ == 0 && i < sizes.size(); ++i)
    parts.push_back(
        gathered.substr(static_cast<std::size_t>(places[i]), static_cast<std::size_t>(sizes[i])));
  return parts;
}

}  // namespace oomkit
