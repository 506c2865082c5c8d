// Runs a function on a stack so small that whatever recurses once a node overflows it.
#pragma once

#include <pthread.h>

#include <exception>
#include <functional>
#include <stdexcept>

namespace fettle::test {

#ifdef __SANITIZE_ADDRESS__
inline constexpr std::size_t kSmallStack = 2 << 20;  // its frames are several times as large
#else
inline constexpr std::size_t kSmallStack = 256 << 10;
#endif

// What the function throws comes out here; an overflow ends the process.
inline void on_small_stack(std::function<void()> function) {
  struct Call {
    std::function<void()> function;
    std::exception_ptr thrown;
  } call{std::move(function), nullptr};
  const auto run = [](void* given) -> void* {
    Call& the_call = *static_cast<Call*>(given);
    try {
      the_call.function();
    } catch (...) {
      the_call.thrown = std::current_exception();
    }
    return nullptr;
  };
  pthread_attr_t attributes;
  pthread_t thread;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kSmallStack);
  const int refused = pthread_create(&thread, &attributes, run, &call);
  pthread_attr_destroy(&attributes);
  if (refused != 0) throw std::runtime_error("no thread with a small stack");
  pthread_join(thread, nullptr);
  if (call.thrown) std::rethrow_exception(call.thrown);
}

}  // namespace fettle::test
