/**
 * @file Two bundles' worth of configuration: `node` (extension, language server, command line and run process) and
 * `web` (one entry per panel). Types are checked by `npm run typecheck`, not here.
 */
const path = require('node:path');
const webpack = require('webpack');
const MinimizerPlugin = require('minimizer-webpack-plugin');
const MiniCssExtractPlugin = require('mini-css-extract-plugin');

const root = __dirname;
const dist = path.join(root, 'dist');

/** Source maps name files relative to the repository, so that no path of the building machine is shipped. */
const moduleName = ({ resourcePath }) => `ssm-studio:///${resourcePath.replace(/^\.\//, '')}`;

/** Writes dist/ssm.schema.json after the bundles, from the same definitions. */
const jsonSchema = {
  apply(compiler) {
    compiler.hooks.afterEmit.tapPromise('json-schema', async () => {
      const { execFile } = require('node:child_process');
      const script = path.join(root, 'scripts', 'schema.ts');
      await require('node:util').promisify(execFile)(process.execPath, ['--import', 'tsx', script], {
        cwd: root,
      });
    });
  },
};

const base = (name, mode, targets) => ({
  name,
  mode,
  context: root,
  devtool: mode === 'production' ? 'nosources-source-map' : 'source-map',
  resolve: { extensions: ['.ts', '.tsx', '.mjs', '.js', '.json'] },
  module: {
    rules: [
      {
        test: /\.tsx?$/,
        exclude: /node_modules/,
        use: {
          loader: 'swc-loader',
          options: {
            jsc: {
              target: 'es2022',
              parser: { syntax: 'typescript', tsx: true },
              transform: { react: { runtime: 'automatic', importSource: 'preact' } },
            },
            env: undefined,
            sourceMaps: true,
          },
        },
      },
      {
        test: /\.css$/,
        use: [MiniCssExtractPlugin.loader, { loader: 'css-loader', options: { sourceMap: false } }],
      },
      { test: /\.(svg|ttf|woff2?)$/, type: 'asset/resource' },
      { test: /\.md$/, type: 'asset/source' },
    ],
  },
  optimization: {
    chunkIds: 'named',
    minimizer: [
      new MinimizerPlugin({
        minify: MinimizerPlugin.swcMinify,
        extractComments: false,
        // Class names are part of error messages (ShapeError, ConfigError).
        terserOptions: {
          compress: { passes: 1 },
          mangle: { keep_classnames: true },
          format: { comments: false },
        },
      }),
    ],
  },
  cache: {
    type: 'filesystem',
    name: `${name}-${mode}`,
    cacheDirectory: path.join(root, '.cache', 'webpack'),
    buildDependencies: { config: [__filename] },
  },
  performance: { hints: false },
  stats: { preset: 'errors-warnings', timings: true, assets: false },
  infrastructureLogging: { level: 'warn' },
  ...targets,
});

module.exports = (_env, argv) => {
  const mode = argv.mode === 'development' ? 'development' : 'production';
  const node = base('node', mode, {
    target: 'node20',
    entry: {
      extension: './src/extension/main.ts',
      server: './language-server/main.ts',
      cli: './src/cli/main.ts',
      shard: './src/runtime/engine/shard-worker.ts',
    },
    output: {
      path: dist,
      filename: '[name].js',
      chunkFilename: 'chunks/[name].js',
      // What other steps put there stays.
      clean: { keep: /^(media|node_modules)\// },
      library: { type: 'commonjs2' },
      devtoolModuleFilenameTemplate: moduleName,
    },
    plugins: [
      new webpack.BannerPlugin({ banner: '#!/usr/bin/env node', raw: true, include: /^cli\.js$/ }),
      jsonSchema,
    ],
    // `vscode` is the editor's; onnxruntime-node is native and ships beside the bundles.
    externals: { vscode: 'commonjs vscode', 'onnxruntime-node': 'commonjs onnxruntime-node' },
    node: { __dirname: false, __filename: false },
  });
  const web = base('web', mode, {
    target: 'web',
    entry: {
      curves: './media/curves/main.tsx',
      'curves-worker': './media/curves/worker.ts',
      scan: './media/scan/main.tsx',
      playground: './media/playground/main.tsx',
    },
    output: {
      path: path.join(dist, 'media'),
      filename: '[name].js',
      chunkFilename: '[name].js',
      assetModuleFilename: '[name][ext]',
      publicPath: '',
      devtoolModuleFilenameTemplate: moduleName,
    },
    plugins: [new MiniCssExtractPlugin({ filename: '[name].css' })],
  });
  return [node, web].filter((config) => Object.keys(config.entry).length > 0);
};
