#include "failure.hpp"

#include <poll.h>
#include <unistd.h>

#include <iostream>

namespace fettle {
namespace {

int bug(std::string_view what, std::ostream& messages) {
  messages << format({Code::internal_error,
                      "fettle failed in a way it should not",
                      {},
                      std::string(what),
                      "this is a bug in fettle: please report it with the command "
                      "and, if you can, the model"});
  return exit_status(Blame::bug);
}

}  // namespace

int exit_status(Blame blame) {
  switch (blame) {
    case Blame::check:
      return 1;
    case Blame::input:
      return 2;
    case Blame::plugin:
      return 3;
    case Blame::user:
      return 130;  // as a shell reports a program that SIGINT ended
    case Blame::bug:
      break;
  }
  return 70;
}

int describe_failure(std::exception_ptr failure, std::ostream& messages) {
  try {
    std::rethrow_exception(std::move(failure));
  } catch (const Error& error) {
    messages << error.what();
    if (code_blame(error.code()) == Blame::bug) {
      messages << "  this is a bug in fettle: please report it with the command and, if you can, "
                  "the model\n";
    }
    return exit_status(code_blame(error.code()));
  } catch (const std::exception& error) {
    return bug(error.what(), messages);
  } catch (...) {
    return bug("an exception of unknown type", messages);
  }
}

void flush_results() {
  std::cout.flush();
  if (std::cout) return;
  pollfd output{STDOUT_FILENO, POLLOUT, 0};
  const bool reader_gone = poll(&output, 1, 0) == 1 && (output.revents & POLLERR) != 0;
  if (reader_gone) return;
  throw Error({Code::output_unwritable, "cannot write the results", "standard output",
               "the disk may be full, or the output closed"});
}

}  // namespace fettle
