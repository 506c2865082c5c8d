// Options of a component, declared once: the member's initializer is the default.
//
//   class Mine : public fettle::Pass {
//    public:
//     static void declare(fettle::Options<Mine>& options) {
//       options.add("max_bytes", &Mine::max_bytes_, "largest stored result, in bytes").range(0, 1
//       << 30); options.add("mode", &Mine::mode_, "how").choices({"fast", "safe"});
//     }
//    private:
//     std::int64_t max_bytes_ = 1 << 20;
//     std::string mode_ = "safe";
//   };
//
// Members are bool, std::int64_t, double or std::string. The host has checked names, types, ranges
// and choices before the component is created.
#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <type_traits>

#include "fettle/cpp/base.hpp"

namespace fettle {
inline namespace sdk {

template <class Component>
class Options {
 public:
  static constexpr std::size_t kMost = 32, kMostChoices = 16;

  // `defaults` must outlive this: string defaults are borrowed from it.
  explicit Options(const Component& defaults) : defaults_(defaults) {}
  Options(const Options&) = delete;
  Options& operator=(const Options&) = delete;

  // The option just added, to say more about it.
  class Added {
   public:
    explicit Added(fettle_option_decl& raw, fettle_str* choices) : raw_(raw), choices_(choices) {}
    template <class Number>
    Added& range(Number min, Number max) {
      raw_.has_range = 1;
      raw_.min.i = static_cast<std::int64_t>(min), raw_.max.i = static_cast<std::int64_t>(max);
      raw_.min.f = static_cast<double>(min), raw_.max.f = static_cast<double>(max);
      return *this;
    }
    Added& choices(std::initializer_list<const char*> all) {
      for (const char* choice : all)
        if (raw_.n_choices < kMostChoices) choices_[raw_.n_choices++] = str(choice);
      raw_.choices = choices_;
      return *this;
    }

   private:
    fettle_option_decl& raw_;
    fettle_str* choices_;
  };

  Added add(const char* name, bool Component::*member, const char* help) {
    fettle_option_decl& raw = place(name, help, FETTLE_OPTION_BOOL, member);
    raw.default_value.i = defaults_.*member ? 1 : 0;
    return Added(raw, choices_[count_ - 1].data());
  }
  Added add(const char* name, std::int64_t Component::*member, const char* help) {
    fettle_option_decl& raw = place(name, help, FETTLE_OPTION_INT, member);
    raw.default_value.i = defaults_.*member;
    return Added(raw, choices_[count_ - 1].data());
  }
  Added add(const char* name, double Component::*member, const char* help) {
    fettle_option_decl& raw = place(name, help, FETTLE_OPTION_FLOAT, member);
    raw.default_value.f = defaults_.*member;
    return Added(raw, choices_[count_ - 1].data());
  }
  Added add(const char* name, std::string Component::*member, const char* help) {
    fettle_option_decl& raw = place(name, help, FETTLE_OPTION_STRING, member);
    raw.default_value.s = str(defaults_.*member);
    return Added(raw, choices_[count_ - 1].data());
  }

  std::size_t size() const { return count_; }
  const fettle_option_decl* data() const { return declared_.data(); }

  // Puts checked values into a component.
  void assign(Component& component, const fettle_option* given, std::uint64_t n) const {
    for (std::uint64_t g = 0; g < n; ++g)
      for (std::size_t k = 0; k < count_; ++k)
        if (text(declared_[k].name) == text(given[g].name))
          setters_[k](reinterpret_cast<std::byte*>(&component) + offsets_[k], given[g].value);
  }

 private:
  // Members are remembered by where they lie in a component.
  template <class T>
  fettle_option_decl& place(const char* name, const char* help, std::uint32_t type,
                            T Component::*member) {
    if (count_ == kMost) throw Failure("too many options");
    offsets_[count_] = reinterpret_cast<const std::byte*>(&(defaults_.*member)) -
                       reinterpret_cast<const std::byte*>(&defaults_);
    setters_[count_] = &set<T>;
    fettle_option_decl& raw = declared_[count_++];
    raw = {};
    raw.name = str(name);
    raw.help = str(help);
    raw.type = type;
    return raw;
  }

  template <class T>
  static void set(void* member, const fettle_option_value& value) {
    if constexpr (std::is_same_v<T, double>)
      *static_cast<T*>(member) = value.f;
    else if constexpr (std::is_same_v<T, std::string>)
      *static_cast<T*>(member) = std::string(text(value.s));
    else
      *static_cast<T*>(member) = static_cast<T>(value.i);
  }

  const Component& defaults_;
  std::size_t count_ = 0;
  std::array<fettle_option_decl, kMost> declared_{};
  std::array<std::ptrdiff_t, kMost> offsets_{};
  std::array<void (*)(void*, const fettle_option_value&), kMost> setters_{};
  std::array<std::array<fettle_str, kMostChoices>, kMost> choices_{};
};

}  // namespace sdk
}  // namespace fettle
