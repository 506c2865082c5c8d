// A verifier across the boundary; its verdict is read with suspicion.
#include <fmt/format.h>

#include <cmath>

#include "host/abi_tables.hpp"
#include "host/context.hpp"
#include "host/instance.hpp"
#include "host/program_impl.hpp"
#include "host/rewrite_log.hpp"

namespace fettle {
namespace {

class LoadedVerifier final : public Verifier {
 public:
  explicit LoadedVerifier(std::unique_ptr<Instance> instance)
      : instance_(std::move(instance)), table_(*instance_->table<fettle_verifier_v1>()) {}

  const ComponentInfo& info() const override { return instance_->info(); }
  const ResolvedOptions& options() const override { return instance_->options(); }

  Verdict verify(std::string_view subject, Promise promise, const ProgramHandle& reference,
                 const ProgramHandle& candidate, Outcome& outcome,
                 const RewriteLog* rewrites) override {
    fettle_ctx ctx(outcome, info().name, &candidate.graph());
    fettle_verify_request request{};
    request.size = sizeof(request);
    request.promise = static_cast<std::uint32_t>(promise);
    request.subject = to_abi(subject);
    request.reference = reference.abi();
    request.candidate = candidate.abi();
    request.rewrites = rewrites ? rewrites->abi() : nullptr;
    fettle_verdict answer{};
    answer.size = sizeof(answer);
    answer.verdict = kNoVerdict;
    call_plugin(ctx, instance_->what("verify"),
                [&] { return table_.verify(instance_->state(), &ctx, &request, &answer); });
    note_dropped(ctx);
    return read(answer, candidate);
  }

 private:
  static constexpr std::uint32_t kNoVerdict = 0xffffffffu;  // a verifier that forgets is not a pass

  Verdict read(const fettle_verdict& answer, const ProgramHandle& candidate) const {
    const std::string who = instance_->what("verify") + " gave a verdict that makes no sense";
    if (answer.verdict > FETTLE_VERDICT_UNABLE) bad_answer(who, "it set no verdict");
    Verdict verdict;
    verdict.verifier = info().name;
    verdict.judgement = static_cast<Judgement>(answer.verdict);
    verdict.max_abs = answer.max_abs;
    verdict.max_rel = answer.max_rel;
    verdict.allowed = answer.allowed;
    verdict.output = answer.output;
    verdict.element = answer.element;
    verdict.comparisons = answer.comparisons;
    verdict.reference = printable(to_view(answer.reference));
    verdict.inputs = printable(to_view(answer.inputs));
    verdict.detail = printable(to_view(answer.detail));
    verdict.place = printable(to_view(answer.place));
    verdict.rule = printable(to_view(answer.rule));
    if (verdict.judgement != Judgement::pass) return verdict;
    // What failed may have no number; what passed has.
    if (std::isnan(verdict.max_abs) || verdict.max_abs < 0 || std::isnan(verdict.max_rel)) {
      bad_answer(who, "it passed with an error that is not a number");
    }
    if (verdict.comparisons == 0) bad_answer(who, "it passed without comparing anything");
    const std::uint64_t outputs = output_count(candidate);
    if (verdict.place.empty() && outputs > 0 && verdict.output >= outputs) {
      bad_answer(who, fmt::format("output {} of {}", verdict.output, outputs));
    }
    return verdict;
  }

  static std::uint64_t output_count(const ProgramHandle& program) {
    return kProgramTable.output_count(program.abi());
  }

  std::unique_ptr<Instance> instance_;
  const fettle_verifier_v1& table_;
};

}  // namespace

std::unique_ptr<Verifier> make_verifier(std::unique_ptr<Instance> instance) {
  return std::make_unique<LoadedVerifier>(std::move(instance));
}

}  // namespace fettle
