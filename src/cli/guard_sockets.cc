#include "cli/guard_sockets.h"

#include <utility>

#include "cli/diagnostics.h"
#include "core/text.h"
#include "guard/http_answer.h"
#include "io/machine.h"
#include "render/guard_status.h"

namespace oomkit {
namespace {

// For another guard that is just ending; not longer, for every moment counts at a start.
constexpr std::chrono::milliseconds kPatienceWithOthers(1000);

Status make_folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos || slash == 0) return {};
  return make_folders(path.substr(0, slash));
}

Result<ListeningSocket> open_usual_socket() {
  const auto path = usual_status_socket();
  if (!path)
    return fail(ErrorCode::unsupported,
                "XDG_RUNTIME_DIR is not set; --socket PATH says another place");
  OOMKIT_TRY(const ListenAddress address, parse_listen_address("unix:" + *path));
  const Status folder = make_folder_of(*path);
  if (!folder) return tl::unexpected(folder.error());
  return ListeningSocket::create(address, kPatienceWithOthers);
}

// "json", or "text", the columns and whether in colour: what `oom guard status` asks.
std::string answer_status(const std::optional<GuardStatus>& status, std::string_view request) {
  if (!status) return "";
  if (request == "json") return guard_status_json(*status);
  Cursor words(request);
  if (!words.take("text ")) return "";
  const auto columns = words.take_integer<std::size_t>();
  constexpr std::size_t kColumnsMin = 40;
  constexpr std::size_t kColumnsMax = 1000;
  if (!columns || *columns < kColumnsMin || *columns > kColumnsMax) return "";
  return guard_status_text(*status, *columns, words.take(" colour"));
}

std::string answer_metrics(const std::optional<GuardStatus>& status, std::string_view head) {
  return http_answer(head, [&] { return status ? guard_metrics(*status) : std::string(); });
}

}  // namespace

std::optional<std::string> usual_status_socket() {
  if (is_root()) return "/run/oom-guard/status.sock";
  const auto folder = environment_variable("XDG_RUNTIME_DIR");
  if (!folder || folder->empty()) return std::nullopt;
  return *folder + "/oom-guard.sock";
}

Result<GuardSockets> GuardSockets::create(const std::optional<std::string>& status_path,
                                          const std::optional<std::string>& metrics_address) {
  GuardSockets sockets;
  if (metrics_address) {
    OOMKIT_TRY(const ListenAddress address, parse_listen_address(*metrics_address));
    OOMKIT_TRY(ListeningSocket socket, ListeningSocket::create(address, kPatienceWithOthers));
    sockets.metrics_.emplace(std::move(socket));
  }
  if (status_path) {
    OOMKIT_TRY(const ListenAddress address, parse_listen_address("unix:" + *status_path));
    OOMKIT_TRY(ListeningSocket socket, ListeningSocket::create(address, kPatienceWithOthers));
    sockets.status_.emplace(std::move(socket));
    return sockets;
  }
  Result<ListeningSocket> usual = open_usual_socket();
  if (usual) {
    sockets.status_.emplace(std::move(*usual));
  } else {
    complain("guard", "oom guard status will not find it: " + usual.error().what);
  }
  return sockets;
}

std::vector<StatusPoint> GuardSockets::points() const {
  std::vector<StatusPoint> points;
  if (status_) points.push_back({status_->get(), "\n", answer_status});
  if (metrics_) points.push_back({metrics_->get(), "\r\n\r\n", answer_metrics});
  return points;
}

void GuardSockets::remove_files() const {
  if (metrics_) metrics_->remove_file();
  if (status_) status_->remove_file();
}

}  // namespace oomkit
