// The other programs of `mpirun oom ...`, and how they hand their results to the first of them.
//
// Open MPI's library is loaded when mpirun has started us, and never else: `oom` has to work on a
// machine that is dying, which is no place for a library of twenty shared objects that most users
// do not have, so it is not linked. A program of its own for this would be one more to install on
// every machine, with a copy of the whole model in it. What is called of MPI is five functions,
// whose C interface has been the same since version 1; the two handles are symbols of
// libmpi.so.40 (Open MPI 2 to 5). Another MPI is not known here, and is told so.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace oomkit {

class Ranks {
 public:
  // Nothing unless mpirun of Open MPI has started us.
  static Result<std::optional<Ranks>> join();

  Ranks(Ranks&& other) noexcept;
  Ranks(const Ranks&) = delete;
  Ranks& operator=(const Ranks&) = delete;
  Ranks& operator=(Ranks&&) = delete;
  ~Ranks();  // Waits for the others.

  int rank() const { return rank_; }
  int size() const { return size_; }

  // All ranks call it. The first gets what each has given, in their order; the others nothing.
  Result<std::vector<std::string>> gather(std::string_view bytes);

 private:
  struct Library;
  explicit Ranks(const Library* library) : library_(library) {}

  const Library* library_;
  int rank_ = 0;
  int size_ = 1;
};

}  // namespace oomkit
