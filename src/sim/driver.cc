#include "sim/driver.h"

#include <cerrno>

#include "core/text.h"

namespace oomkit::sim {
namespace {

constexpr SimTime kTakeBlock{2'500};
constexpr int kOrderMax = 10;

}  // namespace

bool Driver::set(std::string_view parameter, std::int64_t value) {
  if (parameter == "order" && value >= 0 && value <= kOrderMax) {
    order_ = static_cast<int>(value);
    return true;
  }
  if (parameter != "give_back") return false;
  give_back_ = value != 0;
  return true;
}

int Driver::load(std::string_view parameters) {
  if (loaded_) return 0;
  while (!(parameters = trim_left(parameters)).empty()) {
    Cursor cursor(parameters);
    const auto name = cursor.take_until("=");
    const auto value = cursor.take_integer<std::int64_t>();
    if (!name || !value || !set(*name, *value)) return EINVAL;
    parameters = cursor.rest();
  }
  loaded_ = true;
  kernel_.add_notifier([this] {
    ++notified_;
    if (!give_back_) return Pages(0);
    const Pages pages = release_all();
    given_back_ += pages;
    return pages;
  });
  return 0;
}

int Driver::unload() {
  if (!loaded_) return ENOENT;
  release_all();
  kernel_.drop_notifiers();
  loaded_ = false;
  return 0;
}

Pages Driver::release_all() {
  Pages pages;
  for (const Block& block : blocks_) {
    const Pages size(std::int64_t{1} << block.order);
    kernel_.machine().give(block.zone, size);
    pages += size;
  }
  blocks_.clear();
  // With nothing left in between, neighbours join again.
  for (SimZone& zone : kernel_.machine().zones())
    zone.scattered = Pages(0);
  return pages;
}

int Driver::thin(std::int64_t nth) {
  if (nth < 2) return EINVAL;
  std::vector<Block> kept;
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    if (i % static_cast<std::size_t>(nth) == 0) {
      kept.push_back(blocks_[i]);
    } else {
      kernel_.machine().give_scattered(blocks_[i].zone, Pages(std::int64_t{1} << blocks_[i].order));
    }
  }
  blocks_ = std::move(kept);
  return 0;
}

Co<int> Driver::take(Process& writer, std::int64_t wanted) {
  if (wanted == 0) {
    release_all();
    co_return 0;
  }
  const std::int64_t calls = notified_;
  while (wanted-- > 0 && notified_ == calls && !kernel_.is_halted()) {
    const auto zone = co_await kernel_.alloc_block(writer, order_);
    if (!zone) break;
    blocks_.push_back({*zone, order_});
    co_await kernel_.scheduler().spend(*writer.thread, kTakeBlock);
  }
  co_return 0;
}

Co<int> Driver::put(Process& writer, std::string_view parameter, std::string_view value) {
  Cursor cursor(trim(value));
  const auto number = cursor.take_integer<std::int64_t>();
  if (!loaded_) co_return ENOENT;
  if (!number || !cursor.at_end()) co_return EINVAL;
  if (parameter == "take") co_return co_await take(writer, *number);
  if (parameter == "thin") co_return thin(*number);
  co_return set(parameter, *number) ? 0 : EINVAL;
}

std::optional<std::string> Driver::read(std::string_view parameter) {
  if (!loaded_) return std::nullopt;
  const auto line = [](std::int64_t number) { return std::to_string(number) + "\n"; };
  if (parameter == "take" || parameter == "taken")
    return line(static_cast<std::int64_t>(blocks_.size()));
  if (parameter == "notified") return line(notified_);
  if (parameter == "given_back") return line(given_back_.count());
  if (parameter == "order") return line(order_);
  if (parameter == "give_back") return std::string(give_back_ ? "Y\n" : "N\n");
  if (parameter != "free_blocks") return std::nullopt;
  std::int64_t count = 0;
  for (const SimZone& zone : kernel_.machine().zones()) {
    const std::vector<std::int64_t> blocks = kernel_.machine().blocks(zone);
    for (auto order = static_cast<std::size_t>(order_); order < blocks.size(); ++order)
      count += blocks[order];
  }
  return line(count);
}

}  // namespace oomkit::sim
