#include "klog/lines_other.h"

#include "klog/lines_head.h"

namespace oomkit {
namespace {

// "... order:5, mode:0x24040c0(GFP_KERNEL|__GFP_COMP)", in any order, old and new.
void read_order_and_mask(std::string_view text, OtherEvent& event) {
  LineNotes notes;
  const std::size_t order = text.find("order:");
  if (order != std::string_view::npos) {
    std::size_t at = order + 6;
    const auto number = as_int(take_number(text, at, notes));
    if (at < text.size()) event.order = number;
  }
  for (const std::string_view key : {"mode:0x", "gfp=0x", "gfp_mask=0x"}) {
    const std::size_t found = text.find(key);
    if (found == std::string_view::npos) continue;
    std::size_t at = found + key.size() - 2;
    const GfpMask gfp = take_gfp(text, at);
    event.gfp_mask = gfp.mask;
    if (gfp.text) event.gfp_text = std::string(*gfp.text);
    return;
  }
}

std::string order_words(const std::optional<int>& order) {
  if (!order || *order < 0 || *order > 30) return "memory";
  if (*order == 0) return "one page";
  return std::to_string(1LL << *order) + " contiguous pages (order " + std::to_string(*order) + ")";
}

std::string asker(const OtherEvent& event) {
  return event.comm.empty() ? "A task" : event.comm;
}

std::uint64_t first_number(std::string_view text) {
  LineNotes notes;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (!is_digit(text[at])) continue;
    const auto number = take_number(text, at, notes);
    return number && *number > 0 ? static_cast<std::uint64_t>(*number) : 1;
  }
  return 1;
}

}  // namespace

std::optional<OtherEvent> read_other_event(LineKind kind, std::string_view text) {
  text = trim(text);
  OtherEvent event;
  if (kind == LineKind::page_failure) {
    const std::size_t stalls = text.rfind(": page allocation stalls for ");
    const bool stalled = stalls != std::string_view::npos;
    const std::size_t at = stalled ? stalls : text.rfind(": page allocation failure");
    if (at == std::string_view::npos) return std::nullopt;
    event.kind =
        stalled ? OtherEvent::Kind::page_alloc_stall : OtherEvent::Kind::page_alloc_failure;
    event.comm = std::string(trim(text.substr(0, at)));
    read_order_and_mask(text.substr(at), event);
    return event;
  }
  if (kind == LineKind::slub_failure) {
    event.kind = OtherEvent::Kind::slub_failure;
    read_order_and_mask(text, event);
    return event;
  }
  if (kind == LineKind::vmalloc_failure) {
    event.kind = OtherEvent::Kind::vmalloc_failure;
    const std::size_t at = text.find(": vmalloc");
    if (at != std::string_view::npos) event.comm = std::string(trim(text.substr(0, at)));
    read_order_and_mask(text, event);
    return event;
  }
  if (kind == LineKind::overcommit) {
    event.kind = OtherEvent::Kind::overcommit_refusal;
    const std::size_t comm = text.find(" comm: ");
    const std::size_t end = text.rfind(", ");
    if (comm != std::string_view::npos && end != std::string_view::npos && end > comm + 7) {
      std::string_view name = text.substr(comm + 7, end - comm - 7);
      name = name.substr(0, name.rfind(", bytes: "));
      event.comm = std::string(name);
    }
    return event;
  }
  return std::nullopt;
}

std::string_view read_hung_task(std::string_view text) {
  constexpr std::string_view kTask = "INFO: task ";
  const std::size_t blocked = text.find(" blocked for more than ");
  if (!text.starts_with(kTask) || blocked == std::string_view::npos) return {};
  const std::string_view name = text.substr(kTask.size(), blocked - kTask.size());
  return name.substr(0, name.rfind(':'));
}

std::string describe_other(const OtherEvent& event, std::uint64_t count) {
  const std::string times = count > 1 ? " (" + std::to_string(count) + " such lines in a row)" : "";
  switch (event.kind) {
    case OtherEvent::Kind::page_alloc_failure:
      return asker(event) + " asked for " + order_words(event.order) +
             " and did not get it. A page allocation failure is not an OOM kill: the request was"
             " refused and nobody was killed for it.";
    case OtherEvent::Kind::page_alloc_stall:
      return asker(event) + " waited long for " + order_words(event.order) +
             ". A stall of the page allocator is not an OOM kill: nobody was killed for it.";
    case OtherEvent::Kind::oom_disabled_stall:
      return asker(event) +
             " hangs in a memory cgroup that is at its limit and whose OOM killer is switched off"
             " (oom_kill_disable): it waits for memory, and nobody was killed.";
    case OtherEvent::Kind::slub_failure:
      return "The slab allocator could not get " + order_words(event.order) +
             " for a kernel object" + times + ". The request was refused; that alone kills nobody.";
    case OtherEvent::Kind::vmalloc_failure:
      return asker(event) + " did not get the virtually contiguous memory it asked for (vmalloc)." +
             " The request was refused; nobody was killed for it.";
    case OtherEvent::Kind::overcommit_refusal:
      return asker(event) +
             " was refused an allocation by the overcommit rule (vm.overcommit_memory)" + times +
             ": it got ENOMEM, and nobody was killed.";
  }
  return "";
}

std::uint64_t read_suppressed(std::string_view text) {
  const std::size_t at = text.rfind(": ");
  return first_number(at == std::string_view::npos ? text : text.substr(at));
}

std::uint64_t read_lines_lost(std::string_view text) {
  for (const std::string_view word : {" lost ", "Missed ", "Suppressed ", "** "}) {
    const std::size_t at = text.find(word);
    if (at != std::string_view::npos) return first_number(text.substr(at + word.size()));
  }
  // "imjournal: 123 messages lost due to rate-limiting"
  const std::size_t colon = text.rfind(": ");
  return first_number(colon == std::string_view::npos ? text : text.substr(colon));
}

}  // namespace oomkit
