// One include for Catch2 2.13 (Debian 12) and 3 (newer systems): the tests use what both have.
// Only v2's macros that v3 kept (TEST_CASE, SECTION, GENERATE, CHECK, REQUIRE, CHECK_THAT …); for
// what moved between the two there are names below.
#pragma once

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#define FETTLE_TEST_CATCH3
#else
#include <catch2/catch.hpp>
#endif

namespace fettle::test {

// CHECK_THAT(text, contains("part")); CHECK(x == Approx(1.5)).
#ifdef FETTLE_TEST_CATCH3
using Catch::Approx;
inline auto contains(const std::string& part) {
  return Catch::Matchers::ContainsSubstring(part);
}
#else
using Catch::Detail::Approx;
inline auto contains(const std::string& part) { return Catch::Matchers::Contains(part); }
#endif

}  // namespace fettle::test
