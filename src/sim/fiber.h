// Kernel paths that may wait, written as the kernel writes them: one after the other.
//
// A path such as "fault, charge, reclaim, kill, try again" sleeps in its middle while others
// run. Each simulated thread is a Fiber, each path of it a coroutine Co<T> that awaits others as a
// function calls functions. What suspends in the end is an awaiter of the scheduler; resuming goes
// on from the innermost path and unwinds by a loop, not by recursion, so the native stack does not
// grow with the number of waits.
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

namespace oomkit::sim {

// What every path has in common: who it is, and who awaits it.
struct PathState {
  std::coroutine_handle<> self;
  PathState* caller = nullptr;

  std::suspend_always initial_suspend() const noexcept { return {}; }
  std::suspend_always final_suspend() const noexcept { return {}; }
  void unhandled_exception() const noexcept { std::terminate(); }
};

template <class T>
class [[nodiscard]] Co;

namespace detail {

template <class T>
struct Promise : PathState {
  std::optional<T> value;
  Co<T> get_return_object();
  void return_value(T result) { value = std::move(result); }
};

template <>
struct Promise<void> : PathState {
  Co<void> get_return_object();
  void return_void() const noexcept {}
};

}  // namespace detail

// A path that gives a T. It starts when it is awaited.
template <class T>
class [[nodiscard]] Co {
 public:
  using promise_type = detail::Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  explicit Co(Handle handle) : handle_(handle) { handle_.promise().self = handle_; }
  Co(Co&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Co(const Co&) = delete;
  Co& operator=(const Co&) = delete;
  Co& operator=(Co&&) = delete;
  ~Co() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  template <class Caller>
  bool await_suspend(std::coroutine_handle<Caller> caller) {
    handle_.promise().caller = &caller.promise();
    handle_.resume();
    return !handle_.done();
  }
  T await_resume() {
    if constexpr (!std::is_void_v<T>) return std::move(*handle_.promise().value);
  }

  PathState* state() { return &handle_.promise(); }

 private:
  Handle handle_;
};

template <class T>
Co<T> detail::Promise<T>::get_return_object() {
  return Co<T>(std::coroutine_handle<Promise<T>>::from_promise(*this));
}
inline Co<void> detail::Promise<void>::get_return_object() {
  return Co<void>(std::coroutine_handle<Promise<void>>::from_promise(*this));
}

// The paths of one thread, from the outermost to the one that waits.
class Fiber {
 public:
  void start(Co<void> path) {
    root_.emplace(std::move(path));
    innermost_ = root_->state();
  }

  // Goes on until something waits again, or all is done.
  void resume() {
    PathState* path = std::exchange(innermost_, nullptr);
    while (path != nullptr) {
      path->self.resume();
      if (innermost_ != nullptr) return;
      path = path->caller;
    }
    done_ = true;
  }
  bool done() const { return done_; }

  // Of awaiters: this path waits.
  template <class Promise>
  void suspend(std::coroutine_handle<Promise> path) {
    innermost_ = &path.promise();
  }

 private:
  std::optional<Co<void>> root_;
  PathState* innermost_ = nullptr;
  bool done_ = false;
};

}  // namespace oomkit::sim
