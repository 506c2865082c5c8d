// A pass that takes its process down, or tries to, after it has begun to edit: the option `how`
// says in which way, `when` in which call. With `behave` it is like any other.
#include <fettle/fettle.hpp>

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

namespace {

constexpr int kMostDescriptors = 64;

volatile std::uint64_t counter = 0;

void crash() {
  volatile int* volatile nowhere = nullptr;
  *nowhere = 1;
}

[[gnu::noinline]] std::uint64_t recurse(std::uint64_t depth) {
  volatile char frame[512] = {};
  frame[depth % sizeof(frame)] = static_cast<char>(depth);
  counter = counter + 1;
  return counter == 0 ? 0 : recurse(depth + 1) + static_cast<std::uint64_t>(frame[depth % 7]);
}

void spin() {
  for (;;) counter = counter + 1;
}

void allocate() {
  constexpr std::size_t kPiece = 1 << 20;
  std::vector<std::unique_ptr<char[]>> pieces;
  for (;;) {
    pieces.push_back(std::unique_ptr<char[]>(new char[kPiece]));
    std::memset(pieces.back().get(), 1, kPiece);
  }
}

void allocate_in_c() {
  constexpr std::size_t kPiece = 1 << 20;
  for (;;) {
    char* const piece = static_cast<char*>(std::malloc(kPiece));
    for (std::size_t i = 0; i < kPiece; i += 512) const_cast<volatile char*>(piece)[i] = 1;
  }
}

// As a function of C would be that nobody told of exceptions.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wterminate"
void throw_through_c() noexcept {
  throw 42;
}
#pragma GCC diagnostic pop

void corrupt_heap() {
  constexpr std::size_t kSize = 3000;
  char* volatile first = static_cast<char*>(std::malloc(kSize));
  char* volatile second = static_cast<char*>(std::malloc(kSize));
  char* volatile low = first < second ? first : second;
  for (std::size_t i = 0; i < kSize + 64; ++i) const_cast<volatile char*>(low)[i] = 'A';
  std::free(second);
  std::free(first);
}

void scribble() {
  for (int descriptor = 3; descriptor < kMostDescriptors; ++descriptor) {
    (void)!::write(descriptor, "this is no answer of anybody's", 30);
  }
}

void close_everything() {
  for (int descriptor = 3; descriptor < kMostDescriptors; ++descriptor) ::close(descriptor);
}

class FaultyPass : public fettle::Pass {
 public:
  static constexpr const char* name = "faulty_pass";
  static constexpr const char* summary = "Takes its process down.";
  static constexpr fettle::Promise promise = fettle::Promise::exact;

  static void declare(fettle::Options<FaultyPass>& options) {
    options.add("how", &FaultyPass::how_, "the way to go");
    options.add("when", &FaultyPass::when_, "the call to do it in")
        .choices({"transform", "analyze", "verify"});
  }

  std::optional<std::string> analyze(const fettle::Graph&) override {
    if (when_ == "analyze") go();
    return std::nullopt;
  }
  void transform(fettle::MutableGraph& graph) override {
    for (const fettle::Node node : graph.nodes()) {
      if (!node.is_call()) continue;
      fettle::Rewrite rewrite(graph, node, "a relu that nobody uses");
      rewrite.create(fettle::NodeSpec("aten.relu.default")
                         .argument(node.operand(0))
                         .result(node.operand(0).type_id())
                         .before(node));
      if (when_ == "transform") go();
      rewrite.commit();
      return;
    }
  }
  void verify(const fettle::Graph&) override {
    if (when_ == "verify") go();
  }

 private:
  void go() const {
    if (how_ == "segv") crash();
    if (how_ == "overflow_stack") recurse(0);
    if (how_ == "spin") spin();
    if (how_ == "allocate") allocate();
    if (how_ == "allocate_in_c") allocate_in_c();
    if (how_ == "throw_through_c") throw_through_c();
    if (how_ == "abort") std::abort();
    if (how_ == "exit") std::exit(0);
    if (how_ == "exit_at_once") ::_exit(7);
    if (how_ == "corrupt_heap") corrupt_heap();
    if (how_ == "scribble") scribble();
    if (how_ == "close_everything") close_everything();
    if (how_ == "fail") throw fettle::Failure("it fails as plugins may");
    if (how_ == "print") std::puts("noise on standard output"), std::fflush(stdout);
    if (how_ == "step_on_mine" && std::getenv("FETTLE_TEST_MINE")) crash();
  }

  std::string how_ = "behave", when_ = "transform";
};

}  // namespace

FETTLE_PLUGIN("test.faulty_pass", "1.0", FaultyPass)
