import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    testTimeout: 20_000,
    // What is waited for comes at once, but on a machine that is busy elsewhere.
    expect: { poll: { timeout: 15_000 } },
    // Modules are read once, not once a file: nothing here keeps state that a file could trip over.
    isolate: false,
    projects: [
      {
        extends: true,
        test: { name: "unit", include: ["test/**/*.test.ts"], exclude: ["test/interop/**"] },
      },
      {
        extends: true,
        test: {
          name: "interop",
          include: ["test/interop/**/*.test.ts"],
          testTimeout: 90_000,
          expect: { poll: { timeout: 30_000 } },
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
