// Finding an environment, and telling it; see environment.h.

#include "environment.h"

#include <napi.h>

namespace memspan {

Environment* Current(napi_env env) {
  void* data = nullptr;
  napi_get_instance_data(env, &data);
  return static_cast<Environment*>(data);
}

void Settle(Environment* environment, double ticket, int outcome) {
  const napi_env env = environment->env;
  const Napi::HandleScope scope(env);
  napi_value undefined, settled, arguments[2];
  napi_get_undefined(env, &undefined);
  napi_get_reference_value(env, environment->onSettled, &settled);
  napi_create_double(env, ticket, &arguments[0]);
  napi_create_int32(env, outcome, &arguments[1]);
  napi_call_function(env, undefined, settled, 2, arguments, nullptr);
  // Not ours: a getter or listener of a signal that is no ordinary one. The others are told all the same.
  bool thrown = false;
  napi_value error;
  if (napi_is_exception_pending(env, &thrown) == napi_ok && thrown &&
      napi_get_and_clear_last_exception(env, &error) == napi_ok) {
    napi_fatal_exception(env, error);
  }
}

}  // namespace memspan
