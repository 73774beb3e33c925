# The native core: one Node-API 8 binary that serves every Node version. `npm run build` compiles it.
{
  "targets": [
    {
      "target_name": "memspan",
      # Every native/**/*.cc, so that a new file needs no line here; but native/windows is scripts/windows.mjs's.
      "sources": [
        "<!@(node -p \"fs.readdirSync('native', {recursive: true}).filter((f) => f.endsWith('.cc') && !f.startsWith('windows')).sort().map((f) => 'native/' + f).join(' ')\")"
      ],
      # A relative path: it stays whole where the clone's own path has a space.
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      # The last: what cannot be thrown, because worker.terminate() came meanwhile, must not end the process.
      "defines": ["NAPI_VERSION=8", "NAPI_DISABLE_CPP_EXCEPTIONS", "_GNU_SOURCE=1",
                  "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"],
      "cflags": ["-O2", "-Wall", "-Wextra", "-Werror=return-type", "-fvisibility=hidden", "-fno-strict-aliasing"],
      "cflags_cc": ["-std=c++20"],
      # The fault handler and the sleeping threads outlive the environment that loaded the addon.
      "ldflags": ["-Wl,-z,nodelete"],
      "configurations": {
        "Release": {
          "cflags!": ["-O3"],
          "cflags_cc!": ["-std=gnu++17", "-std=gnu++20"]
        }
      }
    }
  ]
}
