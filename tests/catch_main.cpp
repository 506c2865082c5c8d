// The main function of every test binary, compiled once: with Catch2 2.13 it takes 10 seconds.
// Catch2 3 brings its own in catch2-with-main, and this file is empty there.
#if !__has_include(<catch2/catch_all.hpp>)
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
#endif
