import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // What is waited for comes at once, but on a machine that is busy elsewhere, or stands still.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 30_000 } },
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
          testTimeout: 120_000,
          expect: { poll: { timeout: 45_000 } },
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
