#include "guest/board.h"

#include <cerrno>
#include <climits>
#include <cstring>
#include <string>

#include <linux/futex.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest/clock.h"
#include "guest/small_file.h"

namespace oomkit::guest {
namespace {

using Word = std::atomic<std::uint32_t>;

long futex(Word& word, int operation, std::uint32_t value, const timespec* timeout) {
  return syscall(SYS_futex, &word, operation, value, timeout, nullptr, 0);
}

void wake_all(Word& word) {
  futex(word, FUTEX_WAKE, INT_MAX, nullptr);
}

// Sleeps while the word is `value`, at most that long.
void wait_while(Word& word, std::uint32_t value, const timespec* timeout) {
  futex(word, FUTEX_WAIT, value, timeout);
}

std::size_t round_up(std::size_t size, std::size_t step) {
  return (size + step - 1) / step * step;
}

}  // namespace

Result<Board> Board::create(std::size_t marks, std::size_t slots, std::size_t comms) {
  constexpr std::size_t kAlign = 64;
  const std::size_t marks_at = round_up(sizeof(Head), kAlign);
  const std::size_t comms_at = marks_at + round_up(marks * sizeof(Word), kAlign);
  const std::size_t slots_at = comms_at + round_up(comms * sizeof(Word), kAlign);
  const std::size_t size = slots_at + slots * sizeof(Slot);
  void* memory =
      mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (memory == MAP_FAILED) {
    return fail(ErrorCode::io,
                "cannot get memory for the board: " + std::string(error_sentence(errno)));
  }
  std::memset(memory, 0, size);  // Charged to us now, and not to the first who writes.
  mlock(memory, size);           // Where it is not allowed, it works unlocked.
  Board board;
  auto* bytes = static_cast<char*>(memory);
  board.head_ = reinterpret_cast<Head*>(bytes);
  board.marks_ = reinterpret_cast<Word*>(bytes + marks_at);
  board.instances_ = reinterpret_cast<Word*>(bytes + comms_at);
  board.slots_ = reinterpret_cast<Slot*>(bytes + slots_at);
  board.slots_max_ = slots;
  board.wake_file_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (board.wake_file_ < 0)
    return fail(ErrorCode::io, "eventfd: " + std::string(error_sentence(errno)));
  return board;
}

Slot* Board::take_slot() {
  std::uint32_t taken = head_->slots_taken.load();
  do {
    if (taken >= slots_max_) return nullptr;
  } while (!head_->slots_taken.compare_exchange_weak(taken, taken + 1));
  return &slots_[taken];
}

std::size_t Board::slots_taken() const {
  return head_->slots_taken.load();
}

Slot* Board::slot_of_pid(std::int32_t pid) {
  for (std::size_t i = slots_taken(); i-- > 0;) {
    if (slots_[i].pid.load() == pid) return &slots_[i];
  }
  return nullptr;
}

int Board::next_instance(std::size_t comm) {
  return static_cast<int>(instances_[comm].fetch_add(1)) + 1;
}

void Board::open_gate(std::int64_t begin_ns) {
  head_->begin_ns.store(begin_ns);
  head_->gate.store(1);
  wake_all(head_->gate);
}

void Board::wait_gate() {
  while (head_->gate.load() == 0)
    wait_while(head_->gate, 0, nullptr);
}

std::int64_t Board::begin_ns() const {
  return head_->begin_ns.load();
}

void Board::reach_mark(std::size_t mark) {
  marks_[mark].store(1);
  wake_all(marks_[mark]);
}

bool Board::is_reached(std::size_t mark) const {
  return marks_[mark].load() != 0;
}

void Board::wait_mark(std::size_t mark) {
  while (marks_[mark].load() == 0)
    wait_while(marks_[mark], 0, nullptr);
}

void Board::set_state(Slot& slot, SlotState state) {
  slot.state.store(static_cast<std::uint32_t>(state));
  wake_all(slot.state);
  wake_supervisor();
}

bool Board::wait_ready(Slot& slot, std::int64_t timeout_ns) {
  const auto starting = static_cast<std::uint32_t>(SlotState::starting);
  const std::int64_t until = now_ns() + timeout_ns;
  while (slot.state.load() == starting) {
    const std::int64_t left = until - now_ns();
    if (left <= 0) return false;
    const timespec timeout = timespec_of(left);
    wait_while(slot.state, starting, &timeout);
  }
  return true;
}

void Board::post(Slot& slot, Note note) {
  const std::uint32_t written = slot.written.load();
  while (written - slot.read.load() >= Slot::kNotes) {
    wake_supervisor();
    sleep_until_ns(now_ns() + kNanosecondsPerMillisecond);
  }
  slot.notes[written % Slot::kNotes] = note;
  slot.written.store(written + 1);
  wake_supervisor();
}

std::optional<Note> Board::take_note(Slot& slot) {
  const std::uint32_t read = slot.read.load();
  if (read == slot.written.load()) return std::nullopt;
  const Note note = slot.notes[read % Slot::kNotes];
  slot.read.store(read + 1);
  return note;
}

// One look may miss a note in a slot that it has passed and find a later one that answers it.
// What came before a note is seen by whoever looks again after having seen that note.
Slot* Board::slot_of_oldest_note() {
  Slot* oldest = find_oldest_note();
  while (true) {
    Slot* again = find_oldest_note();
    if (again == oldest) return oldest;
    oldest = again;
  }
}

Slot* Board::find_oldest_note() {
  Slot* oldest = nullptr;
  std::int64_t oldest_ns = 0;
  for (std::size_t i = 0; i < slots_taken(); ++i) {
    Slot& slot = slots_[i];
    const std::uint32_t read = slot.read.load();
    if (read == slot.written.load()) continue;
    const std::int64_t time_ns = slot.notes[read % Slot::kNotes].time_ns;
    if (oldest != nullptr && time_ns >= oldest_ns) continue;
    oldest = &slot;
    oldest_ns = time_ns;
  }
  return oldest;
}

void Board::wake_supervisor() const {
  const std::uint64_t one = 1;
  // A full counter means that it is awake already.
  [[maybe_unused]] const ssize_t written = write(wake_file_, &one, sizeof one);
}

}  // namespace oomkit::guest
