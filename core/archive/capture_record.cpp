#include "archive/capture_record.hpp"

#include <fmt/core.h>

#include "archive/json_parse.hpp"
#include "archive/type_json.hpp"

namespace fettle {
namespace {

constexpr std::string_view kPath = "fettle/capture.json";
constexpr std::string_view kTorchScript = "TorchScript";

ExpectedOutput read_output(const ZipReader& zip, const JsonRef& json) {
  ExpectedOutput output;
  const auto path = json.find("record");
  if (!path) {
    if (const auto value = json.find("value"))
      output.value = boost::json::value(value->value(), boost::json::storage_ptr());
    return output;
  }
  const ZipRecord& record = zip.require(path->string());
  TensorData tensor;
  tensor.type.kind = TypeKind::tensor;
  tensor.type.dtype = read_dtype(json.get("dtype"));
  const JsonRef sizes = json.get("sizes");
  const std::size_t rank = sizes.array().size();
  std::int64_t count = 1;
  bool overflow = false;
  for (std::size_t i = 0; i < rank; ++i) tensor.type.sizes.emplace_back(sizes.at(i).count());
  tensor.type.strides.resize(rank);
  for (std::size_t i = rank; i-- > 0;) {
    tensor.type.strides[i] = std::max<std::int64_t>(count, 1);
    overflow = overflow || __builtin_mul_overflow(count, tensor.type.sizes[i].value, &count);
  }
  const auto element = static_cast<std::int64_t>(dtype_bytes(tensor.type.dtype));
  if (overflow || __builtin_mul_overflow(count, element, &count) ||
      static_cast<std::uint64_t>(count) != record.bytes.size()) {
    json.fail(Code::archive_capture,
              fmt::format("the stored output '{}' does not have the bytes of its dtype and sizes",
                          record.path));
  }
  tensor.storage = zip.storage(record);
  output.tensor = std::move(tensor);
  return output;
}

ExpectedEffect read_effect(const ZipReader& zip, const JsonRef& json) {
  const JsonRef kind = json.get("kind");
  const auto known = effect_kind_from_name(kind.string());
  if (!known) {
    kind.fail(Code::archive_capture,
              fmt::format("a stored effect is of the unknown kind '{}'", kind.string()));
  }
  return {{*known, std::string(json.get("target").string())}, read_output(zip, json)};
}

Sample read_sample(const ZipReader& zip, const JsonRef& json) {
  Sample sample;
  sample.inputs_record = json.get("inputs").string();
  zip.require(sample.inputs_record);
  const JsonRef outputs = json.get("outputs");
  for (std::size_t k = 0; k < outputs.array().size(); ++k)
    sample.outputs.push_back(read_output(zip, outputs.at(k)));
  if (const auto effects = json.find("effects")) {
    sample.effects.emplace();
    for (std::size_t k = 0; k < effects->array().size(); ++k)
      sample.effects->push_back(read_effect(zip, effects->at(k)));
  }
  return sample;
}

}  // namespace

void read_capture(const ZipReader& zip, Program& program) {
  const std::string inputs = fmt::format("data/sample_inputs/{}.pt", program.model);
  const ZipRecord* record = zip.find(kPath);
  if (!record) {
    if (zip.find(inputs)) program.samples.push_back({inputs, {}, std::nullopt});
    return;
  }
  const std::string where = zip.file() + ": " + std::string(kPath);
  const boost::json::value document = parse_json(zip.checked_text(*record), where);
  const JsonRef root(document, where);
  const JsonRef version = root.get("version"), samples = root.get("samples");
  if (version.integer() != 1) {
    version.fail(
        Code::archive_capture,
        fmt::format("the capture has version {}, and this fettle reads 1", version.integer()), {},
        "capture the model with the tools/capture.py of this fettle");
  }
  if (const auto imports = root.find("imports")) {
    const std::size_t count = imports->array().size();
    for (std::size_t i = 0; i < count; ++i) program.imports.emplace_back(imports->at(i).string());
  }
  if (const auto from = root.find("outputs_from"); from && from->string() == kTorchScript) {
    program.outputs_from = kTorchScript;
  }
  const std::size_t count = samples.array().size();
  for (std::size_t i = 0; i < count; ++i)
    program.samples.push_back(read_sample(zip, samples.at(i)));
}

}  // namespace fettle
