// What several checks ask of a snapshot, computed once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "doctor/diagnosis.h"
#include "kernel/headroom.h"
#include "kernel/prediction.h"

namespace oomkit {

class Facts {
 public:
  explicit Facts(const DoctorInput& input);

  const Snapshot& snapshot() const { return input_.snapshot; }
  const std::optional<LoggedKills>& log() const { return input_.log; }
  const std::optional<KernelVersion>& version() const { return version_; }
  // Who dies next in the host; nothing if the rule lacks a term.
  const std::optional<Prediction>& prediction() const { return prediction_; }
  const std::optional<HostHeadroom>& headroom() const { return headroom_; }

  // False where the kernel is known to be older than that.
  bool since(KernelVersion version) const { return !version_ || *version_ >= version; }

  std::optional<std::int64_t> sysctl(std::string_view name) const;
  std::optional<Bytes> meminfo(std::string_view name) const;
  std::optional<std::int64_t> vmstat(std::string_view name) const;
  std::optional<Bytes> ram() const { return meminfo("MemTotal"); }
  // Nothing if the command line is not known; "" for an option without a value.
  std::optional<std::string> boot_option(std::string_view name) const;
  bool boot_options_known() const;

  // Processes with memory of their own, by any of these names.
  std::vector<std::size_t> tasks_named(std::string_view comm) const;
  bool runs(std::string_view comm) const { return !tasks_named(comm).empty(); }
  bool systemd_is_init() const;
  bool has_processes() const { return !snapshot().tasks.empty(); }
  const MemcgNode* memcg_of(std::size_t task) const;
  // What it holds of RAM and swap; nothing if that is not known.
  std::optional<Bytes> memory_of(std::size_t task) const;

  // A memcg's own RAM limit or the smallest above it; nothing without one.
  std::optional<Bytes> effective_limit(std::size_t memcg) const;

 private:
  const DoctorInput& input_;
  std::optional<KernelVersion> version_;
  std::optional<Prediction> prediction_;
  std::optional<HostHeadroom> headroom_;
};

}  // namespace oomkit
