/**
 * @file WebGPU where there is no GPU: software drivers for Vulkan. SwiftShader comes with Debian's Chromium and has no
 * half precision; llvmpipe is Mesa's, compiles its shaders and computes in half precision too. Built-in modules
 * only, since `npm ci` may not have run.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json';
const DRIVERS = '/usr/share/vulkan/icd.d';
const PACKAGE = 'mesa-vulkan-drivers';

/** The first Mesa whose llvmpipe has what onnxruntime's WebGPU asks for, as far as was tried, and its Vulkan. */
const MESA = 25;
const VULKAN = [1, 4, 305];

/** Description of the newest installed llvmpipe, undefined where it is too old or missing. */
function llvmpipe() {
  if (!fs.existsSync(DRIVERS)) return undefined;
  return fs
    .readdirSync(DRIVERS)
    .filter((name) => name.startsWith('lvp_icd'))
    .map((name) => path.join(DRIVERS, name))
    .find((file) => {
      const version = JSON.parse(fs.readFileSync(file, 'utf8')).ICD.api_version.split('.').map(Number);
      const decides = VULKAN.findIndex((part, i) => version[i] !== part);
      return decides < 0 || version[decides] > VULKAN[decides];
    });
}

/**
 * Environment in which WebGPU takes a software driver: llvmpipe, or SwiftShader where that is wanted or the only one.
 * Empty where neither is installed and where somebody has chosen a driver.
 */
export function softwareGpu(prefers = 'llvmpipe') {
  if (process.env.VK_ICD_FILENAMES !== undefined) return {};
  const swiftshader = fs.existsSync(SWIFTSHADER) ? SWIFTSHADER : undefined;
  const driver = prefers === 'llvmpipe' ? (llvmpipe() ?? swiftshader) : (swiftshader ?? llvmpipe());
  if (driver === undefined) return {};
  return { VK_ICD_FILENAMES: driver, XDG_RUNTIME_DIR: process.env.XDG_RUNTIME_DIR ?? os.tmpdir() };
}

const apt = (command, args) =>
  spawnSync(command, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' },
  });

const offered = (options) =>
  Number(/Candidate: (\d+)/.exec(apt('apt-cache', [...options, 'policy', PACKAGE]).stdout)?.[1] ?? 0);

/** The system's package sources and the backports of its release, in a folder of our own. */
function withBackports(folder) {
  const release = fs.readFileSync('/etc/os-release', 'utf8');
  const codename = /^VERSION_CODENAME=(\w+)$/m.exec(release)?.[1];
  const site = apt('apt-get', [
    'indextargets',
    '--format',
    '$(SITE)',
    'Created-By: Packages',
    `Codename: ${codename}`,
  ])
    .stdout.split('\n')
    .find(Boolean);
  if (!/^ID=debian$/m.test(release) || codename === undefined || site === undefined) return undefined;
  fs.cpSync('/etc/apt/sources.list.d', folder, { recursive: true });
  const key = '/usr/share/keyrings/debian-archive-keyring.gpg';
  const line = `deb [signed-by=${key}] ${site} ${codename}-backports main\n`;
  fs.writeFileSync(path.join(folder, 'ssm-studio-backports.list'), line);
  return { options: ['-o', `Dir::Etc::sourceparts=${folder}`], release: `${codename}-backports` };
}

/**
 * Installs llvmpipe with apt-get where it is missing: from the system's own sources, or from the backports of its
 * release, of which only this package and what it needs is taken. Only as root and only without a GPU, whose drivers
 * the package brings too.
 */
export function ensureLlvmpipe() {
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || fs.existsSync('/dev/dri')) return;
  if (llvmpipe() !== undefined || apt('apt-get', ['--version']).error) return;
  console.log(`Installing ${PACKAGE} with apt-get: a software GPU with half precision.`);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ssm-sources-'));
  try {
    apt('apt-get', ['update', '-qq']);
    let [options, from] = [[], []];
    if (offered(options) < MESA) {
      const backports = withBackports(folder);
      if (backports !== undefined) {
        [options, from] = [backports.options, ['-t', backports.release]];
        apt('apt-get', [...options, 'update', '-qq']);
      }
    }
    apt('apt-get', [...options, 'install', '-y', '-qq', '--no-install-recommends', ...from, PACKAGE]);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
  if (llvmpipe() === undefined)
    console.log(`There is no ${PACKAGE} ${MESA} here; tests of half precision are skipped by name.`);
}
