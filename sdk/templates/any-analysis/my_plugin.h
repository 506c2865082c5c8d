/* What the analysis my_plugin answers. Plugins that ask for it include this: in C++
 *
 *   const auto* busiest =
 *       fettle::find_answer<my_plugin_answer>(graph, "my_plugin", my_plugin_answer_id);
 *
 * and in C fettle_answers_v1.get. They are compiled apart: another layout is another id. */
#pragma once

#include <fettle/fettle.h>

static const char my_plugin_answer_id[] = "org.example.my_plugin/1";

typedef struct my_plugin_answer {
  fettle_value value; /* FETTLE_NONE: nothing in the graph is used */
  uint32_t uses;
} my_plugin_answer;
