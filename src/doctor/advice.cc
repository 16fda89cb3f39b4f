#include "doctor/advice.h"

#include <algorithm>

#include "core/text.h"
#include "explain/words.h"
#include "kernel/cgroup_identity.h"

namespace oomkit {
namespace {

constexpr std::int64_t kMiB = std::int64_t{1} << 20;

bool is_plain(char c) {
  return is_alpha(c) || is_digit(c) || std::string_view("-_./:@%+=,").find(c) != std::string::npos;
}

bool is_container(CgroupOwner owner) {
  switch (owner) {
    case CgroupOwner::kubepods:
    case CgroupOwner::qos_class:
    case CgroupOwner::pod:
    case CgroupOwner::container:
    case CgroupOwner::lxc:
    case CgroupOwner::docker:
    case CgroupOwner::batch_job:
      return true;
    default:
      return false;
  }
}

bool is_user_unit(std::string_view path) {
  return path.find("/user@") != std::string_view::npos;
}

}  // namespace

std::optional<std::string> shell_word(std::string_view text) {
  if (text.empty()) return std::nullopt;
  if (std::any_of(text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }))
    return std::nullopt;
  if (std::all_of(text.begin(), text.end(), is_plain)) return std::string(text);
  std::string quoted = "'";
  for (const char c : text)
    c == '\'' ? quoted += "'\\''" : quoted += c;
  return quoted + "'";
}

std::vector<std::string> set_sysctl(std::string_view name, std::int64_t value) {
  const std::string setting = text_of({name, "=", std::to_string(value)});
  return {"sysctl -w " + setting, "echo " + setting + " >>/etc/sysctl.d/60-oomkit.conf"};
}

std::string unit_size(Bytes bytes) {
  const std::int64_t count = bytes.count();
  if (count > 0 && count % (kMiB << 10) == 0) return std::to_string(count / (kMiB << 10)) + "G";
  if (count > 0 && count % kMiB == 0) return std::to_string(count / kMiB) + "M";
  return std::to_string(count);
}

Bytes ceil_mib(Bytes bytes) {
  const std::int64_t whole = bytes.count() / kMiB;
  return Bytes(whole * kMiB) == bytes ? bytes : Bytes(kMiB) * (whole + 1);
}

std::optional<std::string> system_unit_of(const MemcgNode& memcg) {
  const CgroupIdentity identity = identify_cgroup(memcg.path, std::nullopt);
  if (is_container(identity.owner) || is_user_unit(memcg.path)) return std::nullopt;
  const std::string_view name = std::string_view(memcg.path).substr(memcg.path.rfind('/') + 1);
  for (const std::string_view kind : {".service", ".slice", ".scope"}) {
    if (name.size() > kind.size() && name.substr(name.size() - kind.size()) == kind)
      return std::string(name);
  }
  return std::nullopt;
}

std::vector<std::string> set_memcg(const Facts& facts, const MemcgNode& memcg,
                                   const MemcgSetting& setting, Bytes value) {
  const MemcgTree& tree = *facts.snapshot().memcgs;
  const CgroupIdentity identity = identify_cgroup(memcg.path, std::nullopt);
  if (is_container(identity.owner)) {
    return {"# raise it to " + unit_size(value) +
            " where the limit comes from: the pod's spec, "
            "the container's or the job's options"};
  }
  const auto unit = system_unit_of(memcg);
  const auto unit_word = unit ? shell_word(*unit) : std::nullopt;
  // Without systemd, a name that ends like a unit's is only a name.
  if (unit_word && !setting.property.empty() && facts.systemd_is_init()) {
    return {text_of(
        {"systemctl set-property ", *unit_word, " ", setting.property, "=", unit_size(value)})};
  }
  const bool v2 = tree.version == 2;
  const std::string_view file = v2 ? setting.file_v2 : setting.file_v1;
  const auto path = shell_word((v2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory") + memcg.path +
                               "/" + std::string(file));
  if (file.empty() || !path) return {};
  return {text_of({"echo ", std::to_string(value.count()), " >", *path})};
}

}  // namespace oomkit
