import client from "../clients/typescript/eslint.config.js";

export default [
  ...client,
  { languageOptions: { parserOptions: { project: "./tsconfig.json", tsconfigRootDir: import.meta.dirname } } },
  {
    files: ["**/*.test.ts"],
    rules: { "@typescript-eslint/no-floating-promises": "off" }, // `test` of node:test returns promises that the runner awaits
  },
];
