// @hey-api/openapi-ts: https://heyapi.dev
// make.py runs it in the folder of the package, with the contract beside it.
export default {
  input: './openapi.json',
  output: { path: './src', clean: true, module: { extension: '.js' } },
  // Otherwise each type with a password would exist twice, the second time as `…Writable`.
  parser: { transforms: { readWrite: { enabled: false } } },
  plugins: [
    { name: '@hey-api/client-fetch', includeInEntry: true },
    '@hey-api/typescript',
    '@hey-api/sdk',
  ],
};
