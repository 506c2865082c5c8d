// A plugin in C++ that breaks the first rule: exceptions leave it. -DTHROW_IN_INIT throws when the
// plugin is loaded; otherwise the option `where` chooses.
#include <fettle/fettle.h>

#include <cstring>
#include <stdexcept>

namespace {

struct State {
  bool in_transform;
};

constexpr fettle_str text(const char* s) {
  return {s, std::char_traits<char>::length(s)};
}

fettle_status init(const fettle_host*, fettle_ctx*) {
#ifdef THROW_IN_INIT
  throw std::runtime_error("thrown in init");
#else
  return FETTLE_OK;
#endif
}

bool is(fettle_str s, const char* wanted) {
  return s.size == std::strlen(wanted) && std::memcmp(s.data, wanted, s.size) == 0;
}

fettle_status create(fettle_ctx*, const fettle_option* options, uint64_t, fettle_instance** out) {
  if (is(options[0].value.s, "create")) throw std::runtime_error("thrown in create");
  *out = reinterpret_cast<fettle_instance*>(new State{is(options[0].value.s, "transform")});
  return FETTLE_OK;
}
void destroy(fettle_instance* self) {
  delete reinterpret_cast<State*>(self);
}

fettle_status transform(fettle_instance* self, fettle_ctx*, fettle_graph*) {
  if (reinterpret_cast<State*>(self)->in_transform) throw std::runtime_error("thrown in transform");
  throw 42;
}

constexpr fettle_pass_v1 kPass = {.size = sizeof(fettle_pass_v1),
                                  .promise = FETTLE_PROMISE_EXACT,
                                  .analyze = nullptr,
                                  .transform = transform,
                                  .verify = nullptr,
                                  .n_preserves = 0,
                                  .preserves = nullptr,
                                  .flags = 0,
                                  .reserved = 0};
const void* interface_of(const char* id) {
  return std::strcmp(id, FETTLE_PASS_ID) == 0 ? &kPass : nullptr;
}

constexpr fettle_str kChoices[] = {text("create"), text("transform"), text("transform_a_number")};
constexpr fettle_option_decl kOptions[] = {{text("where"),
                                            text("where to throw"),
                                            FETTLE_OPTION_STRING,
                                            0,
                                            {0, 0, text("create")},
                                            {},
                                            {},
                                            3,
                                            kChoices}};
constexpr fettle_component kComponent = {sizeof(fettle_component),
                                         0,
                                         text("throwing"),
                                         text("Throws."),
                                         1,
                                         kOptions,
                                         create,
                                         destroy,
                                         interface_of};
constexpr const fettle_component* kComponents[] = {&kComponent};
constexpr fettle_plugin kPlugin = {sizeof(fettle_plugin),
                                   FETTLE_ABI_MAJOR,
                                   0,
                                   FETTLE_ABI_MINOR,
                                   text("test.throwing"),
                                   text("1.0"),
                                   init,
                                   nullptr,
                                   1,
                                   kComponents};

}  // namespace

extern "C" const fettle_plugin* fettle_plugin_v1(void) {
  return &kPlugin;
}
