// The wall between a component's C++ and the C boundary: no exception passes it.
#pragma once

#include <new>
#include <stdexcept>

#include "fettle/cpp/base.hpp"

namespace fettle {
inline namespace sdk {
namespace detail __attribute__((visibility("hidden"))) {

  // Runs a component's code; nothing but a status leaves.
  template <class Code>
  fettle_status guarded(fettle_ctx * context, Code code) noexcept {
    const auto report = [context](const char* message) noexcept {
      try {
        if (tables.host != nullptr) Context(context).error(message);
      } catch (...) {
      }
    };
    try {
      code();
      return FETTLE_OK;
    } catch (const Failure& failure) {
      if (!failure.reported()) report(failure.what());
      return failure.status();
    } catch (const std::bad_alloc&) {
      report("out of memory");
      return FETTLE_E_INTERNAL;
    } catch (const std::exception& error) {
      report(error.what());
      return FETTLE_E_PLUGIN;
    } catch (...) {
      report("an exception of an unknown type");
      return FETTLE_E_PLUGIN;
    }
  }

  template <class T>
  T& self(fettle_instance * instance) {
    return *reinterpret_cast<T*>(instance);
  }

}  // namespace )
}  // namespace sdk
}  // namespace fettle
