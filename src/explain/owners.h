// Whose limit it is, in words, and where it is set.
#pragma once

#include <optional>
#include <string>

#include "explain/context.h"
#include "kernel/cgroup_identity.h"

namespace oomkit {

// "container c3f1de0d0969 (containerd) of pod 089f25ee-...", "unit mariadb.service".
std::string limit_owner_text(const Context& context);
std::string victim_owner_text(const Context& context);

// Its kind, where the name has been said: "container", "unit mariadb.service", "group".
std::string owner_kind(const std::optional<CgroupIdentity>& identity);

// The setting: "resources.limits.memory of the container", "MemoryMax= of mariadb.service".
std::string limit_knob(const Context& context);

// Commands that tell which one it is; empty where the path says it all.
std::vector<std::string> owner_commands(const CgroupIdentity& identity);

// True if `path` lies below `ancestor` (and is not it).
bool is_below(const std::string& path, const std::string& ancestor);
bool limit_is_of_ancestor(const Context& context);

// "namespace/name" by a line "namespace_name_uid" of /var/log/pods.
std::optional<std::string> pod_name_of(const std::vector<std::string>& pod_directories,
                                       const std::string& pod_uid);

}  // namespace oomkit
