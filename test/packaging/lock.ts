/** What `npm pack --json` says about a tarball. */
export interface Packed {
  readonly name: string
  readonly version: string
  readonly filename: string
  readonly integrity: string
  readonly size: number
  readonly files: readonly { readonly path: string }[]
}

interface LockedPackage {
  readonly version?: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly bin?: Readonly<Record<string, string>>
  readonly engines?: Readonly<Record<string, string>>
  readonly dev?: boolean
  readonly devOptional?: boolean
}

/** The parts of a package-lock.json that matter here. */
export interface Lockfile {
  readonly lockfileVersion: number
  readonly packages: Readonly<Record<string, LockedPackage & Readonly<Record<string, unknown>>>>
}

/**
 * A lockfile for an empty project that depends on the tarball, with the versions of the repository's own lockfile:
 * the result is the same every day, and the packages are in the cache that `npm ci` has just filled.
 */
export function lockForTarball(own: Lockfile, packed: Packed): object {
  const { '': root = {}, ...others } = own.packages
  const runtime = Object.entries(others).filter(([, one]) => one.dev !== true && one.devOptional !== true)
  const specifier = `file:${packed.filename}`
  return {
    name: 'empty',
    version: '0.0.0',
    lockfileVersion: own.lockfileVersion,
    requires: true,
    packages: {
      '': { name: 'empty', version: '0.0.0', dependencies: { [packed.name]: specifier } },
      ...Object.fromEntries(runtime),
      [`node_modules/${packed.name}`]: {
        version: packed.version,
        resolved: specifier,
        integrity: packed.integrity,
        dependencies: root.dependencies,
        bin: root.bin,
        engines: root.engines,
      },
    },
  }
}
