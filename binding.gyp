# The native core: one Node-API 8 binary that serves every Node version. `npm run build` compiles it.
{
  "targets": [
    {
      "target_name": "memspan",
      "sources": ["<!@(node scripts/native-sources.mjs <(OS))"],
      # A relative path: it stays whole where the clone's own path has a space.
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      # The last: what cannot be thrown, because worker.terminate() came meanwhile, must not end the process.
      "defines": ["NAPI_VERSION=8", "NAPI_DISABLE_CPP_EXCEPTIONS", "_GNU_SOURCE=1",
                  "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"],
      "cflags": ["-O2", "-Wall", "-Wextra", "-Werror=return-type", "-fvisibility=hidden", "-fno-strict-aliasing"],
      "cflags_cc": ["-std=c++20"],
      # The fault handler and the sleeping threads outlive the environment that loaded the addon.
      "ldflags": ["-Wl,-z,nodelete"],
      # Its own core (docs/darwin.md). "cflags" and "ldflags" are not read there.
      "xcode_settings": {
        "CLANG_CXX_LANGUAGE_STANDARD": "c++20",
        "MACOSX_DEPLOYMENT_TARGET": "11.0",
        "GCC_OPTIMIZATION_LEVEL": "2",
        "GCC_SYMBOLS_PRIVATE_EXTERN": "YES",
        "OTHER_CFLAGS": ["-fno-strict-aliasing"]
      },
      "configurations": {
        "Release": {
          "cflags!": ["-O3"],
          "cflags_cc!": ["-std=gnu++17", "-std=gnu++20"]
        }
      }
    }
  ]
}
