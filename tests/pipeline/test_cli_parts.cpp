// Parts of the command line that need no process: exit statuses, arguments, tables.
#include <sstream>
#include <stdexcept>

#include "arguments.hpp"
#include "catch.hpp"
#include "failure.hpp"
#include "table.hpp"

using namespace fettle;
using fettle::test::contains;

namespace {

template <class Exception>
std::pair<int, std::string> described(Exception exception) {
  std::ostringstream messages;
  const int status = describe_failure(std::make_exception_ptr(exception), messages);
  return {status, messages.str()};
}

Arguments example() {
  namespace po = boost::program_options;
  Arguments arguments("example FILE", "An example.\n");
  arguments.positional("FILE", true);
  arguments.options()("format", po::value<std::string>(), "")("count", po::value<std::string>(),
                                                              "")(
      "set", po::value<std::vector<std::string>>()->composing(), "");
  return arguments;
}

std::pair<std::string, std::string> mistake(const std::vector<std::string>& given) {
  Arguments arguments = example();
  try {
    arguments.parse(given);
    arguments.choice("format", {"text", "json"});
    arguments.whole_number("count", 1, 1, 9);
  } catch (const Error& error) {
    return {std::string(code_name(error.code())), error.what()};
  }
  return {};
}

}  // namespace

TEST_CASE("the exit status follows from who has to act") {
  CHECK(described(Error({Code::pipeline_empty, "x"})).first == 2);
  CHECK(described(Error({Code::verification_failed, "x"})).first == 1);
  CHECK(described(Error({Code::graph_bad_edit, "x"})).first == 3);
  CHECK(described(Error({Code::graph_corrupt, "x"})).first == 70);
}

TEST_CASE("an exception that nobody expected is called a bug") {
  for (const auto& [status, text] :
       {described(std::runtime_error("what it said")), described(42)}) {
    CHECK(status == 70);
    CHECK_THAT(text, contains("error[internal-error]"));
    CHECK_THAT(text, contains("this is a bug in fettle"));
  }
  CHECK_THAT(described(std::runtime_error("what it said")).second, contains("what it said"));
}

TEST_CASE("arguments are read strictly") {
  Arguments arguments = example();
  REQUIRE(arguments.parse({"m.pt2", "--set", "a=1", "--format", "json", "--set=b=2"}));
  CHECK(arguments.text("FILE") == "m.pt2");
  CHECK(arguments.choice("format", {"text", "json"}) == "json");
  CHECK(arguments.list("set") == std::vector<std::string>{"a=1", "b=2"});
  CHECK(arguments.whole_number("count", 5, 1, 9) == 5);
}

TEST_CASE("mistakes in arguments") {
  CHECK(mistake({"m", "--formt", "x"}).first == "usage-unknown-option");
  CHECK_THAT(mistake({"m", "--formt", "x"}).second, contains("did you mean '--format'?"));
  CHECK(mistake({"m", "--for", "json"}).first == "usage-unknown-option");  // no guessing
  CHECK(mistake({}).first == "usage-bad-argument");
  CHECK_THAT(mistake({}).second, contains("FILE is missing"));
  CHECK(mistake({"m", "n"}).first == "usage-bad-argument");
  CHECK(mistake({"m", "--format"}).first == "usage-bad-argument");
  CHECK(mistake({"m", "--format", "text", "--format", "json"}).first == "usage-bad-argument");
  CHECK_THAT(mistake({"m", "--format", "jsn"}).second, contains("did you mean 'json'?"));
  for (const char* count : {"0", "10", "x", "", "1x", "99999999999999999999"}) {
    CHECK(mistake({"m", "--count", count}).first == "usage-bad-argument");
  }
}

TEST_CASE("tables line up, whatever characters they hold") {
  Table table({"pass", ">nodes"});
  table.add({"dce", "10 → 9"});
  table.add({"constant_folding", "9"});
  CHECK(table.text("") ==
        "pass               nodes\n"
        "dce               10 → 9\n"
        "constant_folding       9\n");
}

TEST_CASE("numbers for people") {
  CHECK(human_bytes(12) == "12 bytes");
  CHECK(human_bytes(1500) == "1.50 kB");
  CHECK(human_bytes(44'700'000) == "44.7 MB");
  CHECK(human_bytes(123e9) == "123 GB");
  CHECK(human_count(0) == "0");
  CHECK(human_count(999) == "999");
  CHECK(human_count(1'234'567) == "1,234,567");
}
