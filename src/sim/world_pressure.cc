// What pressure files say of the world, and whom triggers on them wake.
#include <algorithm>
#include <array>

#include "core/text.h"
#include "scenario/names.h"
#include "sim/world.h"

namespace oomkit::sim {
namespace {

constexpr std::array<std::pair<std::string_view, PressureOf>, 3> kPressureNames = {
    {{"memory", PressureOf::memory}, {"io", PressureOf::io}, {"cpu", PressureOf::cpu}}};
constexpr std::string_view kHostFiles = "/proc/pressure/";
constexpr std::string_view kGroupFile = ".pressure";

std::optional<PressureOf> pressure_named(std::string_view wanted) {
  for (const auto& [name, what] : kPressureNames) {
    if (name == wanted) return what;
  }
  return std::nullopt;
}

std::string pressure_line(std::string_view word, const PressureLine& line) {
  std::string text(word);
  constexpr std::array<std::string_view, 3> kMeans = {" avg10=", " avg60=", " avg300="};
  for (std::size_t i = 0; i < kMeans.size(); ++i) {
    const std::string digits = std::to_string(line.averages[i] % 100 + 100).substr(1);
    text.append(kMeans[i]).append(std::to_string(line.averages[i] / 100)).append(".") += digits;
  }
  return text.append(" total=").append(std::to_string(line.total_us)).append("\n");
}

}  // namespace

// Of "/proc/pressure/io", "/box/io.pressure", which need not be there.
std::optional<World::PressureFile> World::pressure_file(std::string_view path) {
  if (path.starts_with(kHostFiles)) {
    const auto what = pressure_named(path.substr(kHostFiles.size()));
    if (!what) return std::nullopt;
    return PressureFile{&kernel_.memcgs().root(), *what};
  }
  const auto parts = split_cgroup_file(path);
  if (!parts || !parts->file.ends_with(kGroupFile)) return std::nullopt;
  const std::string_view file = parts->file;
  const auto what = pressure_named(file.substr(0, file.size() - kGroupFile.size()));
  Memcg* const group = kernel_.memcgs().find(parts->cgroup);
  if (!what || group == nullptr) return std::nullopt;
  return PressureFile{group, *what};
}

PressureGroup& World::pressure_group(Memcg& group) {
  return group.is_root() ? kernel_.host_pressure() : group.pressure;
}

const GroupPressure& World::pressure_of(Memcg& group) {
  return averages_[&group].update(kernel_.now(), pressure_group(group), group.is_root());
}

std::string World::pressure_text(const PressureFile& file) {
  const PressureLines& lines = pressure_of(*file.group).of(file.what);
  const std::string some = pressure_line("some", lines.some);
  const bool has_full = file.what != PressureOf::cpu || profile_.version >= KernelVersion{5, 13};
  return has_full ? some + pressure_line("full", lines.full) : some;
}

// Running means are kept only where somebody may look at them.
bool World::is_pressure_seen() const {
  const auto reads = [](const Action& action) {
    return action.kind == Action::Kind::read && action.file.find("pressure") != std::string::npos;
  };
  const auto& events = scenario_.events;
  const auto& listeners = scenario_.listeners;
  return options_.resident != nullptr || std::any_of(events.begin(), events.end(), reads) ||
         std::any_of(listeners.begin(), listeners.end(), [&](const ListenerSpec& listener) {
           return std::any_of(listener.then.begin(), listener.then.end(), reads);
         });
}

// psi_avgs_work(): of every group, each two seconds.
void World::sample_pressure() {
  for (const auto& group : kernel_.memcgs().groups())
    pressure_of(*group);
  scheduler_.at(kernel_.now() + PressureAverages::kPeriod, [this] { sample_pressure(); });
}

// A pressure trigger compares a window with the one before, ten times in each (psi_poll_work()).
void World::check_pressure_listeners() {
  for (Listener& listener : listeners_) {
    const auto file = pressure_file(listener.spec->file);
    if (!file) continue;
    Cursor words(listener.spec->arguments);
    const bool full = words.take("full ");
    if (!full) words.take("some ");
    const auto threshold = words.take_integer<std::int64_t>();
    words.skip_spaces();
    const auto window = words.take_integer<std::int64_t>();
    if (!threshold || !window) continue;
    struct Watch {
      std::int64_t before = 0;
      SimTime since{0};
      std::optional<SimTime> fired;
    };
    auto watch = std::make_shared<Watch>();
    const SimTime length = std::chrono::microseconds(*window);
    auto tick = std::make_shared<std::function<void()>>();
    std::weak_ptr<std::function<void()>> again = tick;
    *tick = [this, &listener, file = *file, full, watch, length, again, limit = *threshold] {
      const RunPsi totals = pressure_group(*file.group).totals(kernel_.now(), file.what);
      const std::int64_t total = full ? totals.full_us : totals.some_us;
      const bool rested = !watch->fired || kernel_.now() - *watch->fired >= length;
      if (total - watch->before >= limit && rested && listener.fired < listener.spec->times) {
        watch->fired = kernel_.now();
        listener.pending = true;
        scheduler_.wake(*init_.thread);
      }
      if (kernel_.now() - watch->since >= length) {
        watch->since = kernel_.now();
        watch->before = total;
      }
      if (auto own = again.lock()) scheduler_.at(kernel_.now() + length / 10, [own] { (*own)(); });
    };
    scheduler_.at(length / 10, [tick] { (*tick)(); });
  }
}

}  // namespace oomkit::sim
