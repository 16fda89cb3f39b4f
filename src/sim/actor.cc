// What the processes of a scenario do: the meaning of each step, as guest/steps.cc has it.
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <optional>

#include "scenario/node_list.h"
#include "sim/world.h"

namespace oomkit::sim {
namespace {

using namespace std::chrono_literals;

constexpr Bytes kPage(4096);
constexpr Bytes kPieceMax(256 << 10);
constexpr Bytes kBlock(64 << 10);
constexpr SimTime kStepCost = 4'000ns;
constexpr SimTime kWakeUpCost = 25'000ns;
constexpr SimTime kPrepareCost = 500'000ns;  // Its name, its score: all before it joins its cgroup.
constexpr SimTime kShortestSleep = 2'000ns;
constexpr SimTime kDearestPage = 80'000ns;
// A process sleeps for a moment after each piece, and others run. Pieces that take less than this
// together go as one: nobody gets more or less by that, and a day has fewer sleeps by millions.
constexpr SimTime kLeastTurn = 3ms;

Pages pages_up(Bytes bytes) {
  return floor_pages(bytes + kPage - Bytes(1), PageSize::k4K);
}

// When the next piece is due, and how large a piece is (guest/pace.h).
class Pacing {
 public:
  Pacing(const std::optional<Bytes>& rate, SimTime begin) : rate_(rate), begin_(begin) {}

  SimTime due(Bytes done) const {
    if (!rate_) return begin_;
    const std::int64_t rate = rate_->count();
    const std::int64_t whole = done.count() / rate;
    const std::int64_t rest = done.count() % rate;
    // rest < rate, and both fit in 53 bits for any rate that a machine has.
    const auto part =
        static_cast<std::int64_t>(static_cast<double>(rest) / static_cast<double>(rate) * 1e9);
    return begin_ + std::chrono::seconds(std::min<std::int64_t>(whole, 1'000'000'000)) +
           SimTime(part);
  }
  bool has_rate() const { return rate_.has_value(); }
  Pages piece() const {
    if (!rate_) return floor_pages(kPieceMax, PageSize::k4K);
    const Bytes piece(rate_->count() / 50 / kPage.count() * kPage.count());
    return floor_pages(std::clamp(piece, kPage, kPieceMax), PageSize::k4K);
  }

 private:
  std::optional<Bytes> rate_;
  SimTime begin_;
};

// What a step needs of the program, but what an allocation does.
std::optional<ProgramPart> part_for(const Step& step) {
  using Kind = Step::Kind;
  switch (step.kind) {
    case Kind::free:
    case Kind::touch:
    case Kind::lock:
    case Kind::page_tables:
      return ProgramPart::memory;
    case Kind::read_file:
      return ProgramPart::reading;
    case Kind::write_file:
      return ProgramPart::writing;
    default:
      return std::nullopt;
  }
}

Bytes amount_of(const Process& process, const Step& step) {
  if (!step.percent) return step.size;
  const Bytes held = to_bytes(process.mm->held(), PageSize::k4K);
  return held / 100 * *step.percent + Bytes(held.count() % 100 * *step.percent / 100);
}

}  // namespace

bool World::must_die(const Process& process) const {
  return process.sigkill || process.signal.has_value() || kernel_.is_halted();
}

bool World::writes_cores() const {
  const auto pattern = sysctl_texts_.find("kernel.core_pattern");
  return pattern != sysctl_texts_.end() && pattern->second == "/dev/core.%e";
}

// Sleeps until then; false when it has to die instead.
Co<bool> World::pause_until(Process& process, SimTime when) {
  while (kernel_.now() < when) {
    if (must_die(process)) co_return false;
    co_await scheduler_.pause_for(*process.thread, when - kernel_.now());
  }
  co_return co_await kernel_.return_to_user(process);
}

bool World::refuse(Process& process, const ProcessSpec& spec, int error) {
  RunEvent event = event_of("refused", process);
  event.value = std::to_string(process.held_bytes);
  event.error = error == ENOMEM ? "ENOMEM" : error == ENOSPC ? "ENOSPC" : "EAGAIN";
  tell(std::move(event));
  if (spec.on_refused != OnRefused::exit) return true;
  process.exit_code = 1;
  return false;
}

void World::report_step_error(Process& process, int error) {
  RunEvent event = event_of("error", process);
  event.value = "a step";
  event.error = error == ENOENT ? "ENOENT" : "EIO";
  tell(std::move(event));
}

Co<void> World::live(Process& process, const ProcessSpec* spec, const Step* fork_step) {
  if (fork_step == nullptr && options_.found == nullptr)
    kernel_.begin_program(process, spec->cgroup != "/");
  co_await scheduler_.spend(*process.thread, kWakeUpCost);
  if (starting_ == &process) {
    co_await scheduler_.spend(*process.thread, kPrepareCost);
    Memcg& group = *kernel_.memcgs().find(spec->cgroup);
    if (profile_.joins_wait && (!group.is_root() || spec->mems)) {
      const SimTime is_in = attach_lock_.come(kernel_.now());
      co_await scheduler_.pause_for(*process.thread, is_in - kernel_.now());
    }
    kernel_.join(process, group);
    scheduler_.set_nice(*process.thread, spec->nice);
    starting_ = nullptr;
    scheduler_.wake(*init_.thread);
  }
  const std::vector<Step>& steps = fork_step != nullptr ? fork_step->steps : spec->steps;
  bool alive = co_await play(process, *spec, steps);
  // After its last step it holds what it has, until it is killed.
  while (alive) {
    co_await scheduler_.wait(*process.thread);
    alive = co_await kernel_.return_to_user(process);
  }
  if (kernel_.is_halted()) co_return;
  if (process.core && !process.sigkill && writes_cores()) co_await kernel_.dump_core(process);
  co_await kernel_.exit(process);
}

Co<bool> World::play(Process& process, const ProcessSpec& spec, const std::vector<Step>& steps) {
  for (const Step& step : steps) {
    if (!co_await do_step(process, spec, step)) co_return false;
  }
  co_return true;
}

// A step as often as it says, each time at its due time.
Co<bool> World::do_step(Process& process, const ProcessSpec& spec, const Step& step) {
  const SimTime begin = kernel_.now();
  for (int i = 0; i < step.times; ++i) {
    if (step.every > Milliseconds(0) &&
        !co_await pause_until(process, begin + SimTime(step.every) * i))
      co_return false;
    bool go_on = true;
    if (!co_await do_once(process, spec, step, go_on)) co_return false;
    if (!go_on) co_return true;
  }
  co_return true;
}

Co<bool> World::do_once(Process& process, const ProcessSpec& spec, const Step& step, bool& go_on) {
  if (must_die(process)) co_return false;
  co_await scheduler_.spend(*process.thread, kStepCost);
  const std::optional<ProgramPart> part = part_for(step);
  if (part && !process.is_vfork_child) {
    const bool alive = co_await kernel_.bring_in(process, *part);
    if (!alive) co_return false;
  }
  switch (step.kind) {
    case Step::Kind::alloc:
    case Step::Kind::shm:
      co_return co_await do_hold(process, spec, step, go_on);
    case Step::Kind::free:
      co_await kernel_.unmap(process, pages_up(amount_of(process, step)));
      co_return co_await kernel_.return_to_user(process);
    case Step::Kind::touch:
      co_return co_await do_touch(process, step, amount_of(process, step));
    case Step::Kind::lock:
      co_return co_await do_lock(process, spec, step, go_on);
    case Step::Kind::read_file:
    case Step::Kind::write_file:
      co_return co_await do_file(process, spec, step, go_on);
    case Step::Kind::page_tables:
      co_return co_await kernel_.spread_tables(process, floor_pages(step.size, PageSize::k4K));
    case Step::Kind::files:
      co_return co_await do_files(process, spec, step, go_on);
    case Step::Kind::sock:
      co_return co_await do_sock(process, spec, step, go_on);
    case Step::Kind::fork:
    case Step::Kind::vfork:
      co_return co_await do_fork(process, spec, step, go_on);
    case Step::Kind::sleep:
      co_return co_await pause_until(process, kernel_.now() + SimTime(step.duration));
    case Step::Kind::mark: {
      RunEvent event = event_of("mark", process);
      event.value = step.name;
      tell(std::move(event));
      ++marks_reached_;
      reach(step.name, 2ms);
      co_return true;
    }
    case Step::Kind::wait: {
      Mark& awaited = mark(step.name);
      while (!awaited.reached) {
        if (must_die(process)) co_return false;
        awaited.waiting.push_back(process.thread);
        co_await scheduler_.wait(*process.thread);
        std::erase(awaited.waiting, process.thread);
      }
      co_await scheduler_.spend(*process.thread, kWakeUpCost);
      co_return co_await kernel_.return_to_user(process);
    }
    case Step::Kind::ignore_sigterm:
      process.ignores_sigterm = step.touch;
      co_return true;
    case Step::Kind::exit:
      process.exit_code = step.exit_code;
      co_return false;
  }
  co_return true;
}

Co<bool> World::do_hold(Process& process, const ProcessSpec& spec, const Step& step, bool& go_on) {
  if (!co_await kernel_.bring_in_regions(process)) co_return false;
  const int error =
      kernel_.map(process, pages_up(step.size), step.kind == Step::Kind::shm, step.huge);
  if (error != 0) {
    go_on = false;
    co_return refuse(process, spec, error);
  }
  if (!step.touch) co_return true;
  const Pacing pacing(step.rate, kernel_.now());
  const std::size_t region = process.mm->regions.size() - 1;
  const Pages size = process.mm->regions[region].size;
  for (Pages done(0); done < size;) {
    if (!co_await wait_for_piece(process, pacing.has_rate(),
                                 pacing.due(to_bytes(done, PageSize::k4K))))
      co_return false;
    const Pages many =
        pages_to_next_sleep(process, pacing.piece(), pacing.has_rate(), kDearestPage);
    const Pages part = std::min(many, size - done);
    if (!co_await kernel_.touch(process, process.mm->regions[region], done.count(), part.count()))
      co_return false;
    done += part;
  }
  co_return true;
}

// Between two pieces a process sleeps until the next is due. Where it is due already, as it is
// without a rate, that is for a timer's shortest time, and counts where others wait for the
// processor.
Co<bool> World::wait_for_piece(Process& process, bool has_rate, SimTime due) {
  if (has_rate && due > kernel_.now()) co_return co_await pause_until(process, due);
  if (scheduler_.moments_count()) co_await scheduler_.pause_for(*process.thread, kShortestSleep);
  co_return true;
}

// How many pages are filled or touched until it sleeps again: a piece, or as many of them as nobody
// can come between, or all where such a sleep changes nothing.
Pages World::pages_to_next_sleep(const Process& process, Pages piece, bool has_rate,
                                 SimTime each) const {
  constexpr Pages kAll(std::int64_t{1} << 40);
  if (has_rate) return piece;
  const std::int64_t turn = kLeastTurn / each;
  if (scheduler_.moments_count())
    return std::max(piece, Pages(turn / piece.count() * piece.count()));
  if (!scheduler_.sleeps_for_moments()) return kAll;
  const std::int64_t pages = scheduler_.undisturbed(*process.thread) / each;
  return std::max(piece, Pages(pages / piece.count() * piece.count()));
}

Co<bool> World::do_touch(Process& process, const Step& step, Bytes amount) {
  const Pacing pacing(step.rate, kernel_.now());
  Pages left = pages_up(amount);
  Pages done;
  for (std::size_t i = 0; i < process.mm->regions.size() && left > Pages(0); ++i) {
    const Pages size = std::min(process.mm->regions[i].size, left);
    for (Pages at(0); at < size;) {
      if (!co_await wait_for_piece(process, pacing.has_rate(),
                                   pacing.due(to_bytes(done, PageSize::k4K))))
        co_return false;
      const Pages many =
          pages_to_next_sleep(process, pacing.piece(), pacing.has_rate(), profile_.costs.retouch);
      const Pages part = std::min(many, size - at);
      if (!co_await kernel_.touch(process, process.mm->regions[i], at.count(), part.count()))
        co_return false;
      at += part;
      done += part;
    }
    left -= size;
  }
  co_return true;
}

// What is missing to the size is allocated first.
Co<bool> World::do_lock(Process& process, const ProcessSpec& spec, const Step& step, bool& go_on) {
  Pages amount = pages_up(amount_of(process, step));
  Pages touched;
  for (const Region& region : process.mm->regions)
    touched += region.touched;
  if (amount > touched) {
    Step missing = step;
    missing.kind = Step::Kind::alloc;
    missing.percent.reset();
    missing.size = to_bytes(amount - touched, PageSize::k4K);
    missing.touch = true;
    if (!co_await do_hold(process, spec, missing, go_on)) co_return false;
    if (!go_on) co_return true;
  }
  for (std::size_t i = 0; i < process.mm->regions.size() && amount > Pages(0); ++i) {
    const Pages part = std::min(process.mm->regions[i].size, amount);
    if (!co_await kernel_.lock(process, process.mm->regions[i], part.count())) co_return false;
    amount -= part;
  }
  co_return true;
}

Co<bool> World::do_file(Process& process, const ProcessSpec& spec, const Step& step, bool& go_on) {
  const bool writes = step.kind == Step::Kind::write_file;
  Object* file = kernel_.find_file(step.name);
  if (file == nullptr && !writes) {
    report_step_error(process, ENOENT);
    go_on = false;
    co_return true;
  }
  // A name without a folder lies on the data disk.
  if (file == nullptr) file = &kernel_.file(step.name, step.name.starts_with('/'));
  const Pacing pacing(step.rate, kernel_.now());
  const std::int64_t blocks = (step.size.count() + kBlock.count() - 1) / kBlock.count();
  Bytes done;
  for (int pass = 0; pass < step.passes; ++pass) {
    for (std::int64_t i = 0; i < blocks;) {
      if (step.rate && !co_await pause_until(process, pacing.due(done))) co_return false;
      const bool random = step.pattern == AccessPattern::random;
      const std::int64_t at = (random ? process.random.between(0, blocks - 1) : i) * kBlock.count();
      const std::int64_t first = at / kPage.count();
      Bytes length = std::min(kBlock, step.size - Bytes(at));
      if (!random && !step.rate) {
        const Bytes more = to_bytes(
            kernel_.file_undisturbed(process, *file, first, pages_up(step.size).count() - first),
            PageSize::k4K);
        length = std::max(length, Bytes(more.count() / kBlock.count() * kBlock.count()));
      }
      const std::int64_t count = pages_up(length).count();
      int error = 0;
      if (writes) {
        error = co_await kernel_.write_file(process, *file, first, count);
      } else {
        error = co_await kernel_.read_file(process, *file, first, count);
      }
      if (!co_await kernel_.return_to_user(process)) co_return false;
      if (error != 0) {
        go_on = false;
        co_return refuse(process, spec, error);
      }
      done += length;
      i += (length.count() + kBlock.count() - 1) / kBlock.count();
    }
  }
  co_return true;
}

Co<bool> World::do_files(Process& process, const ProcessSpec& spec, const Step& step, bool& go_on) {
  for (int i = 0; i < step.children; ++i) {
    const int error = co_await kernel_.make_file(process);
    if (!co_await kernel_.return_to_user(process)) co_return false;
    if (error == 0) continue;
    go_on = false;
    co_return refuse(process, spec, error);
  }
  co_return true;
}

Co<bool> World::do_sock(Process& process, const ProcessSpec& spec, const Step& step, bool& go_on) {
  for (Bytes sent(0); sent < step.size;) {
    const Bytes piece = std::min(kBlock, step.size - sent);
    const int error = co_await kernel_.fill_socket(process, piece);
    if (!co_await kernel_.return_to_user(process)) co_return false;
    if (error != 0) {
      go_on = false;
      co_return refuse(process, spec, error);
    }
    sent += piece;
  }
  co_return true;
}

Co<bool> World::do_fork(Process& process, const ProcessSpec& spec, const Step& step, bool& go_on) {
  const bool shares = step.kind == Step::Kind::vfork;
  for (int i = 0; i < step.children; ++i) {
    const std::string comm = step.child_name.value_or(process.comm);
    Process& child = kernel_.create_process(comm, &process, spec.nice);
    const int error = co_await kernel_.copy_process(process, child, shares);
    if (error != 0 || must_die(process)) {
      if (must_die(process)) co_return false;
      go_on = false;
      co_return refuse(process, spec, error);
    }
    child.instance = ++instances_[comm];
    child.spec = process.spec;
    child.oom_score_adj = step.child_oom_score_adj.value_or(process.oom_score_adj);
    child.uid = process.uid;
    child.mems = process.mems;
    child.bind = process.bind;
    child.prefer = process.prefer;
    child.interleave = process.interleave;
    child.cpuset = process.cpuset;
    child.random = Random(process.random.next());
    child.life = Life::alive;
    child.held_bytes = process.held_bytes;
    known_.push_back(&child);
    tell(event_of("start", child));
    scheduler_.start(*child.thread, live(child, &spec, &step));
    if (!shares) continue;
    // The parent sleeps in the kernel until the child is done with its memory.
    process.in_vfork_wait = process.uninterruptible = true;
    while (child.life != Life::gone && !process.sigkill)
      co_await scheduler_.wait(*process.thread);
    process.in_vfork_wait = process.uninterruptible = false;
    if (!co_await kernel_.return_to_user(process)) co_return false;
  }
  co_return true;
}

}  // namespace oomkit::sim
